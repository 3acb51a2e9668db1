// SPDX-License-Identifier: Apache-2.0
/*
 * A host that takes no new logins for a while: STATE/drain says so, to every helper and to carrelctl.
 *
 * The file is below STATE, which does not outlive a reboot: a host that comes up anew takes logins. It ends at a time
 * of CLOCK_BOOTTIME when it was given one, so a clock that is set neither prolongs nor cuts it.
 *
 * Runs in: helper (root, reads), carrelctl (root, writes).
 * Trusts: a regular file that is root's alone. Any other, and one that is not of this form, means: logins are taken.
 * A drain must never be why nobody can log in when nobody wanted it.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define CRL_DRAIN_TEXT_MAX 200 /* with NUL; a refusal has to hold it */
#define CRL_DRAIN_FILE_MAX 1024
#define CRL_DRAIN_LONGEST_S (366 * 86400u)

struct crl_drain {
	int64_t since; /* CLOCK_REALTIME seconds, to be shown */
	int64_t until; /* CLOCK_REALTIME seconds, to be shown; 0 = until somebody ends it */
	uint64_t until_ms; /* CLOCK_BOOTTIME; 0 = until somebody ends it */
	char by[128]; /* who began it: visible ASCII without spaces */
	char text[CRL_DRAIN_TEXT_MAX]; /* for people, visible ASCII and spaces; "" = none */
};

enum crl_drain_state {
	CRL_DRAIN_NONE,
	CRL_DRAIN_ON, /* logins are refused */
	CRL_DRAIN_OVER, /* a leftover: its time is over */
	CRL_DRAIN_BROKEN /* there is something that is no such file: logins are taken */
};

/*
 * Read a file's text: these keys in this order, each once, nothing else. @text  @len bytes and a NUL.
 * Errors: -EBADMSG not of this form.
 */
int crl_drain_parse(const char *text, size_t len, struct crl_drain *ret) CRL_MUST_CHECK;

/* The text that reads back as the same. Returns its length, or -EOVERFLOW. */
int crl_drain_format(const struct crl_drain *d, char *buf, size_t size) CRL_MUST_CHECK;

/*
 * What counts now.
 * @state_dir  STATE, opened
 * @ret        all zero without one
 * @err        why it is BROKEN (stage STATE), otherwise left alone
 */
enum crl_drain_state crl_drain_look(int state_dir, struct crl_drain *ret, struct crl_err *err);

/* Begin one, or replace it. Whoever asks after this returns sees it. Returns 0 or -errno. */
int crl_drain_begin(int state_dir, const struct crl_drain *d) CRL_MUST_CHECK;

/* End it, whatever the file holds. Returns 0; -ENOENT there is none; -errno. */
int crl_drain_end(int state_dir) CRL_MUST_CHECK;

/*
 * Logins on their way in hold this lock shared (LOCK_SH) until they are on record, and look before they take it, so
 * that who is refused never holds it, and after they have it: who
 * gets it alone (LOCK_EX) after crl_drain_begin() knows that nobody is on the way who has not seen it.
 * @operation  of flock(2), LOCK_NB always included
 * Returns 0, *@ret_fd is to be closed; -EWOULDBLOCK; -errno.
 */
int crl_drain_lock(int state_dir, int operation, int *ret_fd) CRL_MUST_CHECK;
