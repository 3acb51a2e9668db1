// SPDX-License-Identifier: Apache-2.0
/*
 * Work that belongs into the host's own mount namespace, whichever one this process lives in: what is mounted there is
 * found by the next one, out of whatever service.
 *
 * Runs in: helper, its sweep, carrelctl (root).
 */
#pragma once

#include "base/err.h"

/*
 * @arg     of the caller
 * @ret_fd  -EBADF, or a descriptor that the caller shall have
 * Returns 0 or more, or -errno with an error. Leaves no other descriptor open.
 */
typedef int crl_hostns_work(const void *arg, int *ret_fd, struct crl_err *err);

struct crl_hostns {
	crl_hostns_work *work;
	const void *arg;
	int64_t until_ms; /* crl_now_ms() until when a child is waited for; 0 = it takes what it takes */
};

/*
 * Do the work: here when this is the host's namespace, or else in a child that goes there.
 * Returns what the work does. Errors: -ENOTSUP that namespace is out of reach, nothing was done; -EIO the child died;
 * -ETIMEDOUT it was ended.
 */
int crl_hostns_run(const struct crl_hostns *w, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Do the work in the mount namespace of a process, in a child as above.
 * @pidfd  of a room's init, for instance
 * Errors: -ENOTSUP its namespace is out of reach, or it is gone; -EIO the child died; -ETIMEDOUT.
 */
int crl_hostns_run_at(int pidfd, const struct crl_hostns *w, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;
