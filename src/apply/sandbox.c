// SPDX-License-Identifier: Apache-2.0
/*
 * Supervisor and init give up their power: capabilities, Landlock, their own system call filter. Workers as well, and
 * become a user.
 *
 * Runs in: supervisor, init, workers.
 */
#include "apply/sandbox.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "apply/sandbox_filter.h"

static int load_filter(enum crl_sandbox_who who, struct crl_err *err)
{
	struct crl_sandbox_filter filter;
	struct sock_fprog prog = {.filter = filter.code};

	crl_sandbox_filter(&filter, who);
	prog.len = filter.len;
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot load carrel's own filter");
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER)
		return crl_err_set(err, EPERM, CRL_STAGE_FILTER, "carrel's own filter is not in force");
	return 0;
}

/* While CAP_SETPCAP is still there. */
static int drop_bounding(struct crl_err *err)
{
	for (unsigned long cap = 0; cap < 64; cap++) {
		int held;

		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		held = errno == EINVAL ? -1 : prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (held < 0)
			break; /* past the kernel's last */
		if (held)
			return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot drop capability %lu", cap);
	}
	return 0;
}

/* @keep  mask of the capabilities that stay permitted and effective */
static int drop_caps(uint32_t keep, struct crl_err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot clear ambient capabilities");
	data[0].permitted = data[0].effective = keep;
	if (syscall(__NR_capset, &head, data) < 0 || syscall(__NR_capget, &head, data) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot clear capabilities");
	for (size_t i = 0; i < CRL_ARRAY_LEN(data); i++)
		if ((data[i].permitted | data[i].effective | data[i].inheritable) != (i == 0 ? keep : 0))
			return crl_err_set(err, EPERM, CRL_STAGE_CAPS, "capabilities are left after dropping them");
	return 0;
}

static int close_up(struct crl_err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return crl_err_set(err, EPERM, CRL_STAGE_CAPS, "cannot set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return crl_err_set(err, EPERM, CRL_STAGE_CAPS, "cannot become non-dumpable");
	return 0;
}

static int enter(enum crl_sandbox_who who, const struct crl_reach *reach, struct crl_err *err)
{
	int rc = drop_bounding(err);

	if (rc == 0)
		rc = drop_caps(who == CRL_SANDBOX_INIT ? 1u << CAP_KILL : 0, err);
	if (rc == 0)
		rc = close_up(err);
	if (rc == 0)
		rc = crl_landlock_enter(reach, err); /* a kernel without it: the rest has to do */
	return rc < 0 ? rc : load_filter(who, err);
}

static int become(const struct crl_worker *w, struct crl_err *err)
{
	uid_t uid[3];
	gid_t gid[3];

	if (w->uid == 0 || w->uid == (uid_t)-1 || w->gid == (gid_t)-1)
		return crl_err_set(err, EINVAL, CRL_STAGE_CAPS, "root is no user to work for");
	if (setgroups(w->groups, w->group) < 0 || setresgid(w->gid, w->gid, w->gid) < 0 ||
	    setresuid(w->uid, w->uid, w->uid) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot become user %u", w->uid);
	if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 || getresgid(&gid[0], &gid[1], &gid[2]) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot read who we are");
	for (size_t i = 0; i < 3; i++)
		if (uid[i] != w->uid || gid[i] != w->gid)
			return crl_err_set(err, EPERM, CRL_STAGE_CAPS, "did not become user %u", w->uid);
	return getgroups(0, NULL) == (int)w->groups
		       ? 0
		       : crl_err_set(err, EPERM, CRL_STAGE_CAPS, "groups are left of before");
}

int crl_sandbox_worker(const struct crl_worker *w, const struct crl_reach *reach, struct crl_err *err)
{
	int rc = drop_bounding(err);

	if (rc == 0)
		rc = become(w, err);
	if (rc == 0)
		rc = drop_caps(0, err);
	if (rc == 0)
		rc = close_up(err);
	if (rc == 0 && setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot forbid core files");
	if (rc == 0 && crl_landlock_version() >= 2)
		rc = crl_landlock_enter(reach, err);
	return rc < 0 ? rc : load_filter(CRL_SANDBOX_WORKER, err);
}

int crl_sandbox_supervisor(const struct crl_reach *reach, struct crl_err *err)
{
	return enter(CRL_SANDBOX_SUPERVISOR, reach, err);
}

int crl_sandbox_listener(const struct crl_reach *reach, struct crl_err *err)
{
	return enter(CRL_SANDBOX_LISTENER, reach, err);
}

int crl_sandbox_init(const struct crl_reach *reach, struct crl_err *err)
{
	return enter(CRL_SANDBOX_INIT, reach, err);
}
