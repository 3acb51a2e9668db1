// SPDX-License-Identifier: Apache-2.0
/*
 * What the supervisor and the room's init keep after the room stands: next to nothing; and what a process keeps that
 * works in a user's files with that user's rights.
 *
 * Runs in: supervisor (root, host namespaces), init (root, the room's), workers (the user's). Single-threaded all.
 * A refused call gets EPERM, not death: a process that must still clean up is not ended by a libc that
 * changes its ways. Only a foreign architecture kills. Descriptors that are needed later (signalfd, listening
 * sockets) are made before.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "apply/landlock.h"
#include "base/err.h"

/*
 * Drop every capability from every set, set no_new_privs, make the process non-dumpable and load the filter:
 * files by openat and unlinkat, records over AF_UNIX sockets, pidfds and signals, waiting, memory that is not
 * executable. No exec, fork, mount, ptrace, other sockets, ioctl. Where the kernel has Landlock nothing can be
 * opened but what @reach says; descriptors in it may be closed afterwards. Read back before success is said.
 * Errors (stage CAPS, HELPER or FILTER): -errno of the step; -EPERM a capability could not be dropped.
 */
int crl_sandbox_supervisor(const struct crl_reach *reach, struct crl_err *err) CRL_MUST_CHECK;

/*
 * As above, without sockets but those it holds, and without making directories. It keeps CAP_KILL, which reaches no
 * further than its PID namespace: when the supervisor is killed, init ends what runs inside.
 */
int crl_sandbox_init(const struct crl_reach *reach, struct crl_err *err) CRL_MUST_CHECK;

/*
 * As crl_sandbox_supervisor(), for a room's listener: it answers what filters notify of, writes files beneath @reach
 * and logs. It makes no process, hears nobody but who it is connected with.
 */
int crl_sandbox_listener(const struct crl_reach *reach, struct crl_err *err) CRL_MUST_CHECK;

/* Whose files a worker is for. */
struct crl_worker {
	uid_t uid; /* not 0 */
	gid_t gid;
	const gid_t *group; /* supplementary groups, all that the user has */
	size_t groups;
};

/*
 * Become that user for good: all ids and groups theirs, no capability in any set, no_new_privs, non-dumpable, no core
 * file. Of system calls what files need that are read, made, replaced and removed by descriptors, and answers on a
 * socket that listens; no exec, fork, mount, no socket of its own. Nothing is opened beneath other places than @reach,
 * where the kernel has Landlock of version 2 or later: version 1 knows no rename between directories.
 * The caller is root. Errors as above; -EINVAL uid 0.
 */
int crl_sandbox_worker(const struct crl_worker *w, const struct crl_reach *reach, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Wait by the system call @nr as poll() and its kin do, but give memory back first that a sleeping process does not
 * need: free heap, stack below the caller, and the pages of programs and libraries that were never written to (the
 * page cache has them again on use). Safe at any time and in the sandbox. The caller must be on the main stack.
 * Returns what the kernel says: a negative errno, or the call's result.
 */
long crl_sandbox_sleep(long nr, const long arg[4]);
