// SPDX-License-Identifier: Apache-2.0
/*
 * One condition of a rule: is this login from that address, on that terminal, at that time …
 *
 * Runs in: helper, carrelctl. Pure; groups are match.c's, since they need the name service.
 */
#pragma once

#include <stdbool.h>
#include <time.h>

#include "wire/login.h"

/* Kinds, in the order in which a rule asks: the cheap first, then the name service, a program last. */
enum crl_condition {
	CRL_COND_USER, /* name, exactly */
	CRL_COND_UID, /* "1000" or "1000-1999" */
	CRL_COND_SERVICE, /* PAM service, exactly */
	CRL_COND_RHOST, /* "192.0.2.7", "192.0.2.0/24", "2001:db8::/32", or "local": no remote host */
	CRL_COND_TTY, /* pattern for fnmatch(3), without "/dev/": "tty*"; sshd's is "ssh" */
	CRL_COND_TIME, /* "08:00-18:00", "Mon-Fri 08:00-18:00", "Sat 22:00-06:00"; the host's local time */
	CRL_COND_GROUP, /* name of any group of the user */
	CRL_COND_COMMAND, /* program of the administrator's and its arguments (command.h) */
	CRL_COND_COUNT
};

/* Key of a kind in a rule: "user". Its negation is "not_user". */
const char *crl_condition_name(enum crl_condition kind);

/* What is expected of a text of that kind, or NULL when it is well formed. */
const char *crl_condition_fault(enum crl_condition kind, const char *text);

/*
 * Does every login for which @narrow holds have @wide hold, too? Both well formed. False also where that cannot be
 * told: of two patterns for terminals, and of two spans of time that are written differently.
 */
bool crl_condition_covers(enum crl_condition kind, const char *wide, const char *narrow);

/*
 * Does a well-formed text hold for the login? Not for CRL_COND_GROUP and CRL_COND_COMMAND.
 * A remote host that is a name matches no address: carrel asks no DNS. An IPv4 address mapped into IPv6 is IPv4.
 * @now  for CRL_COND_TIME; a time that ends before it begins goes over midnight, and its day is the one it begins on
 */
bool crl_condition_holds(enum crl_condition kind, const char *text, const struct crl_login *login, time_t now);
