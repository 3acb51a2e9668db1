// SPDX-License-Identifier: Apache-2.0
/*
 * Whose process a pidfd is.
 *
 * Runs in: every product; needs /proc.
 */
#pragma once

#include <sys/types.h>

#include "proto/scope.h"

/*
 * The process's number in the PID namespace of the /proc that is mounted, which may be another than the caller's own.
 * Returns 0; -EBADF not a pidfd; -ESRCH the process is gone, or out of /proc's sight; -errno.
 * Source: pidfd_open(2), proc_pid_fdinfo(5).
 */
int crl_pidfd_pid(int pidfd, pid_t *ret) CRL_MUST_CHECK;
