// SPDX-License-Identifier: Apache-2.0
/*
 * Write single records to the host's utmp, wtmp and lastlog. The inside of accounting.c.
 *
 * Runs in: supervisor. glibc's pututxline() opens by path, allocates and sets an alarm; this takes its locks.
 */
#pragma once

#include <lastlog.h>
#include <utmp.h>

#include "apply/accounting/accounting.h"

/* Copy a text into a field of utmp: visible ASCII, no "..", cut, the rest zero; not always terminated. */
void crl_hostlog_text(char *field, size_t size, const char *text, size_t len);

#define CRL_HOSTLOG_MARK '%' /* first character of our ids */

/*
 * Put a record into utmp at the slot of its ut_line, of a dead record of ours, or at the end. An ut_id is
 * chosen that no other record has, or the slot's is kept. With the mark in its ut_id it gets one of ours in any case.
 */
void crl_hostlog_put_utmp(struct crl_accounting *a, const struct utmp *record);

/* Make the living record with a line (and pid, 0 = any) a dead one. Returns whether there was one. */
bool crl_hostlog_end_utmp(struct crl_accounting *a, const char *line, pid_t pid);

/* Find the next living record that is of our writing, from record number *@at on. */
bool crl_hostlog_find_utmp(const struct crl_accounting *a, size_t *at, struct utmp *ret);

void crl_hostlog_add_wtmp(struct crl_accounting *a, const struct utmp *record);
void crl_hostlog_put_lastlog(struct crl_accounting *a, uint32_t uid, const struct utmp *record);
