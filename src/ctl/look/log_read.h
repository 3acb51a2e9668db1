// SPDX-License-Identifier: Apache-2.0
/*
 * The lines that the helper has left of logins (helper/event.h), out of the journal or a file of syslog's.
 *
 * R1: of a syslog file a line counts whose tag is carrel's, not one in whose message somebody wrote it. Whoever can
 * write to /dev/log can still send one; the journal knows who sent an entry, and only root's are asked for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* Which are wanted. */
struct ctl_log_wish {
	const char *file; /* of syslog; NULL = the journal, or where this host has its log */
	const char *user; /* as a field; NULL = all */
	int64_t since_ms; /* CLOCK_REALTIME; 0 = as far as there are any */
	int64_t now_ms;
};

/* @line  "event=open id=... ..." */
typedef void ctl_log_line(void *arg, int64_t when_ms, const char *line);

/*
 * Oldest first.
 * @ret_source  what was read, for people; a text that stays
 * Errors (stage STATE): -ENOENT there is no log; -EBADMSG journalctl's answer is none; -errno.
 */
int ctl_log_read(const struct ctl_log_wish *wish, ctl_log_line *each, void *arg, const char **ret_source,
		 struct crl_err *err) CRL_MUST_CHECK;

/*
 * One line of a syslog file: when, and the message behind carrel's tag, in @text. NULL = it is another's (R1).
 * @now_ms  for a time without a year
 */
const char *ctl_log_of_syslog(const char *text, int64_t now_ms, int64_t *ret_when_ms);

/* What journalctl -o export has on a stream. Returns 0, or -EBADMSG. */
int ctl_log_of_export(FILE *in, ctl_log_line *each, void *arg) CRL_MUST_CHECK;
