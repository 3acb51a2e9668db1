// SPDX-License-Identifier: Apache-2.0
/* When did the login begin that this process belongs to? Private to try.c and login_start.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/scope.h"

struct crl_err;

#define CTL_NO_SESSION UINT32_MAX /* of no audit session */

enum ctl_program {
	CTL_PROGRAM_OTHER,
	CTL_PROGRAM_LISTENER, /* sshd that waits for connections */
	CTL_PROGRAM_SSHD, /* sshd that serves one */
	CTL_PROGRAM_LOGIN /* login(1) on a console */
};

struct ctl_process {
	pid_t pid;
	pid_t parent;
	uint64_t start_ms; /* CLOCK_BOOTTIME, rounded down to a clock tick */
	uint32_t session; /* of the audit system */
	enum ctl_program program;
};

/*
 * Pure. The beginning of the oldest login that @self can be said to belong to: by its ancestors, and by all processes
 * of its audit session where it has one, as those who leave their ancestors behind (setsid, tmux) keep that.
 *
 * A login is a connection's sshd whose parent is sshd's listener (another sshd, or process 1), or a child of login(1)
 * whose parent is process 1. Nothing else counts: neither su, sudo and tmux nor what a service or cron starts.
 *
 * Errors: -ENOENT none of these is there.
 */
int ctl_login_start(const struct ctl_process *all, size_t n, pid_t self, uint64_t *ret_ms) CRL_MUST_CHECK;

/*
 * The same for the calling process, from /proc. @ret_session  its audit session
 * Errors (stage REQUEST): -ENOENT; others of /proc.
 */
int ctl_own_login_start(uint64_t *ret_ms, uint32_t *ret_session, struct crl_err *err) CRL_MUST_CHECK;
