// SPDX-License-Identifier: Apache-2.0
/*
 * Who logs in, as the PAM application's name service told it: facts only, nothing decided.
 *
 * Runs in: every product. Fixed layout: part of the wire protocol (docs/protocol.md).
 * Trusts: nothing of it until crl_login_check() has passed; texts stay hostile data for ever
 *         (never a path component, cgroup name or log text without encoding).
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

#define CRL_USER_MAX 256
#define CRL_HOME_MAX 1024
#define CRL_SERVICE_MAX 64
#define CRL_TTY_MAX 64
#define CRL_RHOST_MAX 256
#define CRL_GROUP_MAX 256 /* length of a group name with its NUL */
#define CRL_GROUPS_MAX 1024 /* number of groups of a user; more are refused, never cut */

/* What becomes of a line that the application is asked to show its user. */
enum crl_shows {
	CRL_SHOWS_NOTHING, /* nobody would see it, or it would come into a program's output */
	CRL_SHOWS_NOW, /* it goes to a terminal */
	CRL_SHOWS_LATER, /* sshd: kept until there is a shell with a terminal, else dropped */
	CRL_SHOWS_COUNT
};

struct crl_login {
	uint32_t uid;
	uint32_t gid; /* primary group */
	uint32_t ngroups; /* all groups, the primary one included; 1..CRL_GROUPS_MAX */
	uint32_t shows; /* enum crl_shows */
	uint32_t groups[CRL_GROUPS_MAX];
	char user[CRL_USER_MAX]; /* not empty */
	char home[CRL_HOME_MAX]; /* absolute, as the user database has it */
	char service[CRL_SERVICE_MAX]; /* PAM service, not empty */
	char tty[CRL_TTY_MAX]; /* PAM_TTY without /dev/; "" when none; "ssh" under sshd */
	char rhost[CRL_RHOST_MAX]; /* PAM_RHOST, "" when local */
};

/*
 * Prove that a login record is well formed: texts terminated, user, service and home not empty, home absolute and
 * without "." or ".." components, shows known, 1 <= ngroups <= CRL_GROUPS_MAX with gid among them, uid and gid not -1.
 * Returns 0, or -EBADMSG with the field named in @err (stage REQUEST).
 */
int crl_login_check(const struct crl_login *login, struct crl_err *err) CRL_MUST_CHECK;

/* True when @gid is among the login's groups. */
int crl_login_in_group(const struct crl_login *login, uint32_t gid);
