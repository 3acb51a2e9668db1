// SPDX-License-Identifier: Apache-2.0
/*
 * The helper's log: one line an outcome, key=value, to syslog (authpriv, ident "carrel").
 *
 * Runs in: helper, supervisor, init, steward, carrelctl. Never in the PAM module (pam_syslog there).
 * Owns: its own datagrams to /dev/log. libc's syslog() waits without end for a logger that does not read.
 */
#pragma once

#include <stdbool.h>
#include <syslog.h>

#include "base/scope.h"

#define CRL_LOG_TEXT_MAX 1536 /* bytes of one line after escaping; more is cut */

/*
 * Where lines go; the first one connects. Without a logger each crl_log() tries again.
 * @path   its datagram socket, NULL = /dev/log
 * @debug  copy every line to stderr and let LOG_DEBUG through
 */
void crl_log_set(const char *path, bool debug);

/* Connect to the logger and read the time zone now, unless a line has, so that later calls work in a sandbox. */
void crl_log_connect(void);

/* Both. */
void crl_log_open(const char *path, bool debug);

/* Forget the logger; the next crl_log() connects again. */
void crl_log_close(void);

/*
 * Log one line. Waits 100 ms at most for a busy logger, then drops the line; raises no SIGPIPE; keeps errno.
 * Control and non-ASCII bytes of the line are made visible; texts from outside still need crl_visible_field(), or they
 * could pass for a further key=value.
 * @level  LOG_EMERG … LOG_DEBUG
 */
void crl_log(int level, const char *fmt, ...) CRL_PRINTF(2, 3);
