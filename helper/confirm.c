// SPDX-License-Identifier: Apache-2.0
/*
 * Let the application in, then look from outside whether it is where its policy wants it.
 *
 * Runs in: helper (root, host namespaces), before it drops anything: reading another process's namespaces needs
 * CAP_SYS_PTRACE, its score CAP_SYS_RESOURCE. Only crl_confirm_go_on() needs no power: it is called when all is
 * given up. Trusts: /proc, not the module's word (R1).
 */
#include "helper/confirm.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/nskind.h"
#include "base/pidfd.h"
#include "helper/job.h"
#include "helper/parts/limits.h"
#include "helper/parts/why.h"
#include "plan/filter/filter.h"
#include "wire/fdpass.h"
#include "wire/phases.h"
#include "wire/proto.h"

static int open_ns_dir(pid_t pid)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns", (int)pid); /* cannot be cut */
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What one process has for each namespace of a mask. */
struct places {
	uint32_t mask;
	bool of_init; /* the place where its children start, which is what a namespace of PIDs or time is joined for */
	struct stat ns[CRL_NS_COUNT];
};

static int look(pid_t pid, struct places *ret, struct crl_err *err)
{
	scoped_fd dir = open_ns_dir(pid);

	if (dir < 0)
		return crl_err_set(err, ESRCH, CRL_STAGE_ADOPT, "application or room went away");
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		const char *name = ret->of_init ? crl_nskinds[ns].init_name : crl_nskinds[ns].proc_name;

		if ((ret->mask & CRL_NS_BIT(ns)) && fstatat(dir, name, &ret->ns[ns], 0) < 0)
			return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot read back the %s namespace",
					   crl_nskinds[ns].name);
	}
	return 0;
}

/* R1: each namespace of the mask is the room's, by inode; that of cgroups is the login's own, and not the host's. */
static int verify_namespaces(const struct crl_job *job, const struct places *room, const struct places *host,
			     struct crl_err *err)
{
	struct places app = {.mask = job->adopt.ns_mask};
	int rc = look(job->app_pid, &app, err);

	if (rc < 0)
		return rc;
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		if (!(job->adopt.ns_mask & CRL_NS_BIT(ns)))
			continue;
		if (ns == CRL_NS_CGROUP && app.ns[ns].st_ino != host->ns[ns].st_ino)
			continue;
		if (app.ns[ns].st_ino != room->ns[ns].st_ino || app.ns[ns].st_dev != room->ns[ns].st_dev)
			return crl_err_set(err, EXDEV, CRL_STAGE_ADOPT,
					   "the application is not in the room's %s namespace", crl_nskinds[ns].name);
	}
	return 0;
}

static int send_room(struct crl_job *job, int init_pidfd, struct crl_err *err)
{
	static struct crl_msg_room room; /* 32 KiB: not on the stack, and gone with quiet memory */
	size_t size = offsetof(struct crl_msg_room, filter) + job->filter->len * sizeof(room.filter[0]);
	const int fds[] = {init_pidfd, job->listen_orders};
	int rc;

	room.adopt = job->adopt;
	crl_notice_write(job, room.notice);
	room.grace_ms = (uint32_t)crl_job_grace_s(job) * 1000;
	room.filter_len = job->filter->len;
	for (uint32_t i = 0; i < job->filter->len; i++)
		room.filter[i] = job->filter->insn[i];
	rc = crl_msg_send(job->channel, CRL_MSG_ROOM, &room, size, fds, job->adopt.listens ? 2 : 1);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_ADOPT, "cannot hand the room to the application") : 0;
}

/* Init announced the room before it dropped its own power, so that both take place at once; here they meet. */
static int await_harmless_init(struct crl_job *job, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	int rc;

	if (job->init_channel < 0)
		return 0;
	rc = crl_msg_recv(job->init_channel, &crl_phases[CRL_PHASE_HARDENING], NULL, 0, job->deadline_ms, &got);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "the room's init could not drop its power") : 0;
}

int crl_confirm_invite(struct crl_job *job, int init_pidfd, struct crl_err *err)
{
	return send_room(job, init_pidfd, err);
}

int crl_confirm_verify(struct crl_job *job, pid_t init_pid, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct places room = {.mask = job->adopt.ns_mask, .of_init = true};
	struct places host = {.mask = job->adopt.ns_mask & CRL_NS_BIT(CRL_NS_CGROUP)}; /* no other is compared with */
	int rc;

	/* While the application goes in: the room's pidfd is asked at the end, and this process stays where it is. */
	rc = look(init_pid, &room, err);
	if (rc == 0)
		rc = look(getpid(), &host, err);
	if (rc < 0)
		return rc;
	rc = crl_msg_recv(job->channel, &crl_phases[CRL_PHASE_ENTERING], NULL, 0, job->deadline_ms, &got);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_ADOPT, "the application did not report that it entered");
	rc = verify_namespaces(job, &room, &host, err);
	if (rc == 0)
		rc = crl_limits_set_oom(job, err);
	return rc < 0 ? rc : await_harmless_init(job, err);
}

int crl_confirm_go_on(struct crl_job *job, int init_pidfd, struct crl_err *err)
{
	int rc;

	if (crl_pidfd_is_dead(job->app_pidfd) || crl_pidfd_is_dead(init_pidfd))
		return crl_err_set(err, ESRCH, CRL_STAGE_ADOPT, "application or room ended meanwhile");
	rc = crl_msg_send(job->channel, CRL_MSG_CONFIRMED, NULL, 0, NULL, 0);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_ADOPT, "the application went away");
	crl_notice_given(job);
	return 0;
}

int crl_confirm(struct crl_job *job, int init_pidfd, pid_t init_pid, struct crl_err *err)
{
	int rc = crl_confirm_invite(job, init_pidfd, err);

	if (rc == 0)
		rc = crl_confirm_verify(job, init_pid, err);
	return rc < 0 ? rc : crl_confirm_go_on(job, init_pidfd, err);
}
