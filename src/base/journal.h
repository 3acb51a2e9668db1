// SPDX-License-Identifier: Apache-2.0
/*
 * What administrators look for later (a login opened, refused, closed): one entry of systemd's journal with a field for
 * each value, where there is a journal; else the same line in syslog, as crl_log() has it.
 *
 * Runs in: helper, supervisor in its sandbox. Owns: its own datagram. Source: JOURNAL_NATIVE_PROTOCOL of systemd.
 * R1: an entry is of fields that the line has, each of one line and printable: no value can begin another field.
 * R2: a journal that does not read is not waited for longer than crl_log() waits; then syslog has the line.
 */
#pragma once

#include "base/log.h"

#define CRL_JOURNAL_SOCKET "/run/systemd/journal/socket"

/*
 * @level  as of crl_log()
 * @id     of the kind of entry: MESSAGE_ID, 32 hexadecimal digits; NULL = a line in syslog and no more
 * @fmt    "key=value key=value words ...": each key becomes a field CARREL_KEY, the whole line is its MESSAGE
 */
void crl_journal_log(int level, const char *id, const char *fmt, ...) CRL_PRINTF(3, 4);
