// SPDX-License-Identifier: Apache-2.0
/*
 * Whose process a pidfd is, and whether it lives.
 *
 * Runs in: every product; needs /proc.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/scope.h"

/*
 * The process's number in the PID namespace of the /proc that is mounted, which may be another than the caller's own.
 * Returns 0; -EBADF not a pidfd; -ESRCH the process is gone, or out of /proc's sight; -errno.
 * Source: pidfd_open(2), proc_pid_fdinfo(5).
 */
int crl_pidfd_pid(int pidfd, pid_t *ret) CRL_MUST_CHECK;

/*
 * Prove that a descriptor is a pidfd of a living process that is not this one.
 * Errors (stage ADOPT): -EBADF no pidfd; -ESRCH its process is gone; -EINVAL it is ours.
 */
int crl_pidfd_prove(int pidfd, struct crl_err *err) CRL_MUST_CHECK;

/* Is its process gone? True as well when that cannot be told. */
bool crl_pidfd_is_dead(int pidfd);
