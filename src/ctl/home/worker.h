// SPDX-License-Identifier: Apache-2.0
/*
 * A process of the user's own that does for carrelctl what has to be done inside of a home: root reads what it says.
 *
 * Runs in: carrelctl, root; what is called "in the worker" in a child with uid, gid and groups of the user and nothing
 * else: no capability, none to be had, no descriptor but those named, no terminal.
 * Trusts: nothing of what the worker says, which its user may have chosen. It is told in records of a known kind and
 * length; texts are escaped by who prints them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/err.h"
#include "base/scope.h"

struct crl_login;
struct ctl;
struct ctl_worker; /* the worker's way to say something */

#define CTL_WORKER_RECORD_MAX (4u << 20) /* bytes: two paths, each of 4,000 directories, and more */
#define CTL_WORKER_FDS_MAX 160 /* layers, those of snapshots, and some more */

struct ctl_task {
	const struct crl_login *login; /* whose the worker is; never root */
	const char *doing; /* for the progress: "comparing" */
	const char *unit; /* of what is counted there: "files" */
	bool programs; /* it starts diff(1) or tar(1): no system call filter, and no limit on what it opens */
	bool writes; /* it changes what is beneath the descriptors that it keeps, else it only reads there */
	bool sealed; /* it, and what it starts, can write to nothing but what is given to it of unattached mounts */
	const int *fd; /* the descriptors that it keeps; negative ones are passed over */
	size_t fds;
	/*
	 * In the worker. Returns 0 or -errno with @err set; -EINTR when it was told to stop, and what it had begun is
	 * whole.
	 */
	int (*run)(struct ctl_worker *w, void *arg, struct crl_err *err);
	/*
	 * In carrelctl: a record that the worker has sent, with a NUL behind it. Returns 0; or -errno, which ends the
	 * worker: -EBADMSG no such record was agreed on.
	 */
	int (*take)(void *arg, uint32_t kind, const char *data, size_t len);
	void *arg; /* of both, each on its own side of the fork */
};

/*
 * Start the worker, hear it to its end. SIGINT and SIGTERM are passed on, as a wish to stop between two files; the
 * second one kills it.
 * Returns 0; -EINTR it has stopped, and can be run again; -ECHILD it died; -errno of run() or take(). @err is set.
 */
int ctl_worker_run(const struct ctl *c, const struct ctl_task *work, struct crl_err *err) CRL_MUST_CHECK;

/*
 * In the worker: send a record, whose bytes are given in pieces.
 * Errors: -EPIPE nobody listens any more; -EMSGSIZE more than CTL_WORKER_RECORD_MAX.
 */
int ctl_worker_send(struct ctl_worker *w, uint32_t kind, const struct iovec *piece, size_t pieces) CRL_MUST_CHECK;

/* In the worker: so much is done. @total  0 = not known. It is told from time to time. */
void ctl_worker_progress(struct ctl_worker *w, uint64_t done, uint64_t total);

/* In the worker: is it told to stop? @arg is not looked at. */
bool ctl_worker_stop(void *arg);
