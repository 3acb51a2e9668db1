// SPDX-License-Identifier: Apache-2.0
/*
 * What came of a login, recorded and counted: one entry in the journal or line in syslog for each that was let in, was
 * refused or has left, as carrelctl log reads them, and one count each.
 *
 * Runs in: helper; supervisor in its sandbox. R1: texts from outside are escaped. What carrelctl tries is logged as
 * ever, and is no login: it is neither recorded nor counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct crl_err;
struct crl_job;
struct crl_kept;
struct crl_member;

/* It is in. @made  its room was made for it */
void crl_event_opened(const struct crl_job *job, bool made);

/* @err  as the log shall have it */
void crl_event_refused(const struct crl_job *job, const struct crl_err *err);

/* By which policy a login is, or would have been; "-" where no rule holds. */
const char *crl_event_policy(const struct crl_job *job);

/* What a login that has left has used; not known is UINT64_MAX. */
struct crl_event_use {
	int64_t seconds;
	uint64_t cpu_us;
	const char *text; /* of it, for the line */
};
void crl_event_closed(const struct crl_kept *room, const struct crl_member *m, const struct crl_event_use *use);
