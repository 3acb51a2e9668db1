// SPDX-License-Identifier: Apache-2.0
/*
 * Values of arguments that a policy can name: seccomp.args.
 *
 * Names are the constants of the manual pages, as strace shows them; every value can be given as a number as well.
 *
 * Runs in: helper, carrelctl. Pure. Source: clone(2), fcntl(2), ioctl_tty(2), keyctl(2), personality(2), prctl(2),
 * setsockopt(2), ip(7), tcp(7), socket(2) and the headers below linux/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

struct crl_nearest;

/* The calls with such rules. */
enum crl_args_call {
	CRL_ARGS_CLONE, /* flags of clone() and unshare() */
	CRL_ARGS_FCNTL, /* command */
	CRL_ARGS_IOCTL, /* request */
	CRL_ARGS_KEYCTL, /* operation */
	CRL_ARGS_PERSONALITY, /* flags */
	CRL_ARGS_PRCTL, /* option */
	CRL_ARGS_SETSOCKOPT, /* level, or level and option */
	CRL_ARGS_SOCKET, /* type, or family and type */
	CRL_ARGS_COUNT
};

/* One item of a rule. */
struct crl_args_item {
	bool deny; /* it began with "!" */
	uint32_t value; /* flags, command, request, operation, option, level or type */
	uint32_t other; /* what a 32-bit program has in its place; the same where there is no such thing */
	bool paired; /* there is one more of it */
	uint32_t pair; /* the option of a level, the family of a type */
};

/*
 * Read "!TIOCSTI", "PR_SET_PDEATHSIG", "SOL_SOCKET:SO_MARK", "AF_NETLINK:SOCK_RAW", "0x5412", "SOL_IP:64".
 * @nearest  NULL, or what gets all that could have been meant
 * Returns 0, -ENOENT for a name that is none of these, -EINVAL for a text of another form, or a flag of value 0 behind
 * "!".
 */
int crl_args_parse(enum crl_args_call call, const char *text, struct crl_args_item *ret,
		   struct crl_nearest *nearest) CRL_MUST_CHECK;

/*
 * The text of a value that is let, by name where it has one: what crl_args_parse() reads as that.
 * @pair  of sockets: the family; for a value that stands alone it is not looked at
 * @buf   CRL_NEAREST_MAX bytes always do. Returns @buf.
 */
const char *crl_args_print(enum crl_args_call call, uint32_t value, uint32_t pair, char *buf, size_t size);

/* Are values of that call bits that are put together? */
bool crl_args_are_flags(enum crl_args_call call);

/* What a text of that call's has to look like, for a message. */
const char *crl_args_form(enum crl_args_call call);

/* "ioctl" */
const char *crl_args_call_name(enum crl_args_call call);

/* Does a list with "!" begin so? Then it says what is refused, and else what alone is let. */
bool crl_args_denies(const char *first);
