// SPDX-License-Identifier: Apache-2.0
/*
 * Capabilities, no_new_privs and filter by raw calls: no library but the C library comes into the application.
 *
 * Runs in: who adopts or visits a room, as root, inside.
 * Owns: R1 everything asked for is read back before the login counts as let in.
 */
#include "door/trim.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/scope.h"

#define CAP_NUMBER_MAX 63 /* bits of the sets on the wire */

static int capability_sets(long number, struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return (int)syscall(number, &header, data);
}

static int set_inheritable(uint64_t want, struct crl_err *err)
{
	struct __user_cap_data_struct data[2];

	if (capability_sets(SYS_capget, data) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot read the capabilities");
	data[0].inheritable = (uint32_t)want;
	data[1].inheritable = (uint32_t)(want >> 32);
	if (capability_sets(SYS_capset, data) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot set the inheritable capabilities");
	return 0;
}

static int cut_bounding(uint64_t keep, struct crl_err *err)
{
	for (unsigned long cap = 0; cap <= CAP_NUMBER_MAX; cap++) {
		if (keep & (UINT64_C(1) << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap) == 0)
			continue;
		if (errno == EINVAL)
			break; /* past the kernel's last, as read_back_caps() finds */
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot drop capability %lu", cap);
	}
	return 0;
}

static int differs(struct crl_err *err, const char *what)
{
	return crl_err_set(err, ENOTRECOVERABLE, CRL_STAGE_CAPS, "the %s read back differ from what was set", what);
}

/* R1 */
static int read_back_caps(const struct crl_adopt *a, struct crl_err *err)
{
	struct __user_cap_data_struct data[2];
	unsigned long cap;
	int has;

	for (cap = 0; cap <= CAP_NUMBER_MAX && (has = prctl(PR_CAPBSET_READ, cap)) >= 0; cap++) {
		if (has && !(a->cap_bounding & (UINT64_C(1) << cap)))
			return differs(err, "bounding capabilities");
		/* The kernel lets none be ambient that is not inheritable, and those are compared below. */
		if ((a->cap_inheritable & (UINT64_C(1) << cap)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) != 0)
			return differs(err, "ambient capabilities");
	}
	if (cap == 0)
		return differs(err, "bounding capabilities");
	if (capability_sets(SYS_capget, data) < 0 || data[0].inheritable != (uint32_t)a->cap_inheritable ||
	    data[1].inheritable != (uint32_t)(a->cap_inheritable >> 32))
		return differs(err, "inheritable capabilities");
	if (prctl(PR_GET_SECUREBITS) != (int)a->securebits)
		return differs(err, "securebits");
	return 0;
}

static int trim_caps(const struct crl_adopt *a, struct crl_err *err)
{
	int rc;

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot clear the ambient capabilities");
	rc = set_inheritable(a->cap_inheritable, err);
	if (rc < 0)
		return rc;
	rc = cut_bounding(a->cap_bounding, err);
	if (rc < 0)
		return rc;
	if (prctl(PR_SET_SECUREBITS, (unsigned long)a->securebits) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot set the securebits");
	return read_back_caps(a, err);
}

/*
 * A policy may refuse prctl(), and this question with it. A kernel that has just taken a filter never answers it with
 * EPERM or ENOSYS itself: so that is the filter's answer, and proof enough.
 */
static bool is_in_force(void)
{
	int mode = prctl(PR_GET_SECCOMP);

	return mode == SECCOMP_MODE_FILTER || (mode < 0 && (errno == EPERM || errno == ENOSYS));
}

static struct sock_fprog program_of(const struct crl_msg_room *room)
{
	return (struct sock_fprog){.len = (unsigned short)room->filter_len, .filter = crl_unconst(room->filter)};
}

/*
 * That the kernel gave a listener proves the filter: to ask would be a call that waits for it. WAIT_KILLABLE_RECV is of
 * Linux 5.19: else a signal that comes while a call is looked at makes it fail with EINTR where it never does.
 */
static int load_listened(const struct crl_msg_room *room, int *ret_listener, struct crl_err *err)
{
	struct sock_fprog program = program_of(room);
	unsigned int flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot load the system call filter with a listener");
	*ret_listener = (int)fd;
	return 0;
}

static int load_filter(const struct crl_msg_room *room, struct crl_err *err)
{
	struct sock_fprog program = program_of(room);
	unsigned int flags = room->adopt.filter_log ? SECCOMP_FILTER_FLAG_LOG : 0;

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program) < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot load the system call filter");
	return is_in_force() ? 0 : crl_err_set(err, ENOTRECOVERABLE, CRL_STAGE_FILTER, "the filter is not in force");
}

int crl_trim_apply(const struct crl_msg_room *room, int *ret_listener, struct crl_err *err)
{
	const struct crl_adopt *a = &room->adopt;
	int rc = a->trim_caps ? trim_caps(a, err) : 0;

	if (rc < 0)
		return rc;
	if (a->no_new_privs) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot set no_new_privs");
		if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
			return differs(err, "no_new_privs flags");
	}
	/* Last: after it the calls above may be refused. */
	if (room->filter_len == 0)
		return 0;
	if (room->adopt.listens && !ret_listener)
		return crl_err_set(err, EINVAL, CRL_STAGE_FILTER, "nobody serves the filter's listener");
	return room->adopt.listens ? load_listened(room, ret_listener, err) : load_filter(room, err);
}
