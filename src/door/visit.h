// SPDX-License-Identifier: Apache-2.0
/*
 * Visit a room that stands: a child goes in, becomes the user and executes a program, while the caller stays where it
 * is. Who goes in without a child, as a PAM application has to, adopts instead (adopt.h).
 *
 *   the guide     a child, root: the login's cgroup; where it is remembered; every namespace by one setns(), a cgroup
 *                 namespace of its own; each read back; a terminal of the room's
 *   the visitor   its child, since PID namespaces take in children only: the terminal or pipes as 0 to 2, nothing else
 *                 open, default signals; an empty keyring; capabilities, no_new_privs, the filter; groups and ids, read
 *                 back; the home; the program
 *
 * No file of the room is executed before the last step.
 *
 * Runs in: the host's namespaces, as root.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "wire/login.h"
#include "wire/proto.h"

#define CRL_VISIT_FAILED 111 /* exit status when it did not come to the program */

struct crl_visit {
	const char *name; /* of the command, for what is said on standard error: "carrelctl enter" */
	int init; /* pidfd of the room's init, proved */
	int cgroup; /* directory of the login's; negative = none */
	uint32_t ns_mask; /* CRL_NS_BIT()s that the room has of its own */
	const struct crl_msg_room *restrictions; /* NULL = none: capabilities and system calls as they are */
	const struct crl_login *login;
	const char *program; /* looked for in PATH of @env when it has no slash */
	char *const *argv;
	char *const *env;
	bool tty; /* a terminal of the room's; else: */
	int stdio[3]; /* of the program */
};

/*
 * Start it.
 * @ret_pid     of the guide, the caller's child; it ends as the program does: its status, or 128 and a signal,
 *              CRL_VISIT_FAILED with a word on standard error, 126 and 127 as of a shell. Its death ends the visitor.
 * @ret_master  of the terminal, -errno without a word when the guide has ended; untouched unless @tty
 * Errors (stage HELPER): -errno of socketpair() and fork().
 */
int crl_visit_start(const struct crl_visit *v, pid_t *ret_pid, int *ret_master, struct crl_err *err) CRL_MUST_CHECK;
