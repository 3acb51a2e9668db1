// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `cgroupfs`: carrel.slice/user-UID.slice/login-ID written directly under a cgroup v2 root. A user whose policy
 * names a budget is one level lower, in carrel.slice/budget-NAME.slice.
 *
 * Runs in: helper, supervisor, steward (root, host namespaces); carrelctl, which only looks.
 * Owns: the rule that only crl_cgroup_open_root() asks what kind of file system it is; all else works beneath
 * the descriptor, so that a plain directory can stand for cgroupfs in unit tests.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "policy/policy.h"
#include "wire/proto.h"

struct crl_cgroup_plan;

/*
 * Open the cgroup v2 root: the top of what is mounted, to which /proc/PID/cgroup is relative.
 * @configured  path from the configuration, "" = look at /sys/fs/cgroup and /sys/fs/cgroup/unified
 * @ret_prefix  path from the root to the configured directory, "" = that is the root; CRL_SLICE_MAX bytes, NULL = not
 *              wanted: a slice's path has it already
 * Errors (stage LIMITS): -ENOENT this host has no cgroup v2; -EINVAL the configured path is not cgroup v2;
 * -ENAMETOOLONG; -errno.
 */
int crl_cgroup_open_root(const char *configured, int *ret_fd, char *ret_prefix, struct crl_err *err) CRL_MUST_CHECK;

/*
 * "carrel.slice/user-UID.slice" or, with a @budget that is not "", "carrel.slice/budget-NAME.slice/user-UID.slice";
 * after "PREFIX/" when there is one. Returns 0 or -ENAMETOOLONG.
 */
int crl_cgroup_slice(const char *prefix, uint32_t uid, const char *budget, char buf[CRL_SLICE_MAX]) CRL_MUST_CHECK;

/* What limits a login. */
struct crl_cgroup_plans {
	const struct crl_cgroup_plan *user; /* of the user's slice; NULL = none */
	const struct crl_cgroup_plan *budget; /* of the slice above it; NULL = there is none */
	enum crl_need need; /* what a missing controller means: REQUIRE fails and names it, PREFER goes on, OFF does as
			       with no plans */
};

#define CRL_CGROUP_MISSING_MAX 128 /* bytes of a list of controllers with its NUL */

/* Where a login's cgroup is. */
struct crl_cgroup_place {
	int root;
	const char *slice; /* as crl_cgroup_slice() says */
	const char *id;
};

/*
 * Make the user's slice and the login's cgroup, write the limits to the slices and read each back. What is before
 * carrel.slice is the administrator's and must be there. What a
 * concurrent crl_cgroup_remove() takes away is made again. After an error nothing of the login is left.
 * @ret_fd     the login's cgroup, open as a directory
 * @ret_missing  comma-separated controllers (or single files) that are not there, "" when all are
 * Errors (stage LIMITS): -EOPNOTSUPP controller missing; -EBUSY a controller cannot be enabled because of
 * processes in the root; -ERANGE value read back differs; -EINVAL bad id; other -errno.
 */
int crl_cgroup_make(const struct crl_cgroup_place *at, const struct crl_cgroup_plans *plans, int *ret_fd,
		    char ret_missing[CRL_CGROUP_MISSING_MAX], struct crl_err *err) CRL_MUST_CHECK;

/* "SLICE/login-ID". Returns 0, -ENAMETOOLONG, or -EINVAL for an id not of [a-z0-9]. */
int crl_cgroup_path(const char *slice, const char *id, char *buf, size_t size) CRL_MUST_CHECK;

/* Move a process into a cgroup; waits for an RCU grace period. @cgroup a directory descriptor. Returns 0 or
 * -errno. */
int crl_cgroup_attach(int cgroup, pid_t pid) CRL_MUST_CHECK;

/* The v2 cgroup of a process, relative to the root, from /proc/PID/cgroup. Returns 0, -ENOENT when it has
 * none. */
int crl_cgroup_of(pid_t pid, char *buf, size_t size) CRL_MUST_CHECK;

/* Kill everything in a cgroup (cgroup.kill, or one by one on kernels before 5.14). Returns 0 or -errno. */
int crl_cgroup_kill(int cgroup) CRL_MUST_CHECK;

/*
 * Move all processes of one cgroup to another beneath the same root. The first is frozen meanwhile, so that none forks
 * away; what has been moved runs on. Returns 0; -EBUSY after many rounds some are still there; -errno.
 */
int crl_cgroup_gather(int from, int to) CRL_MUST_CHECK;

/*
 * True when no process but @except (0 = none) is listed in cgroup.procs; zombies are not listed. A cgroup
 * that is gone is idle; one that cannot be read is not.
 */
bool crl_cgroup_is_idle(int cgroup, pid_t except);

/*
 * Call @one for each process that is listed in cgroup.procs, until it returns an error. A process that is born or moved
 * meanwhile may be missed. Returns 0; what @one returned; -errno. A cgroup that is gone has no processes.
 */
int crl_cgroup_each(int cgroup, int (*one)(void *arg, pid_t pid), void *arg) CRL_MUST_CHECK;

/* Processes in it but @except (0 = none); 0 when they cannot be read. */
size_t crl_cgroup_count(int cgroup, pid_t except);

/* True when all in it stands still by cgroup.freeze, its own or that of one above. */
bool crl_cgroup_is_frozen(int cgroup);

/*
 * Remove the login's cgroup, then the user's slice and those above it up to carrel.slice when they are empty.
 * Returns 0; -EBUSY when processes are left in the login's; a parent that is in use is no error.
 */
int crl_cgroup_remove(int root, const char *slice, const char *id) CRL_MUST_CHECK;

/* The same for a user's slice, or a budget's, that no login uses: a slice that is in use is no error, and stays. */
void crl_cgroup_remove_slice(int root, const char *slice);

/* carrel.slice itself, when nothing is in it. @prefix  as crl_cgroup_open_root() gives it */
void crl_cgroup_remove_top(int root, const char *prefix);
