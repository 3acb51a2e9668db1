// SPDX-License-Identifier: Apache-2.0
/*
 * Let the application in, then look from outside whether it is where its policy wants it.
 *
 * Runs in: helper (root, host namespaces), before it drops anything: reading another process's namespaces needs
 * CAP_SYS_PTRACE, its score CAP_SYS_RESOURCE. Only crl_enter_confirm() needs no power: it is called when all is given
 * up. Trusts: /proc, not the module's word (R1).
 */
#include "helper/helper.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

static int open_ns_dir(pid_t pid)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns", (int)pid); /* cannot be cut */
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* What one process has for each namespace of the mask. */
struct places {
	struct stat ns[CRL_NS_COUNT];
};

/* @of_init  the place where its children start, which is what a namespace of PIDs or time is joined for */
static int look(const struct crl_job *job, pid_t pid, bool of_init, struct places *ret, struct crl_err *err)
{
	scoped_fd dir = open_ns_dir(pid);

	if (dir < 0)
		return crl_err_set(err, ESRCH, CRL_STAGE_ADOPT, "application or room went away");
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		const char *name = of_init ? crl_nskinds[ns].init_name : crl_nskinds[ns].proc_name;

		if ((job->adopt.ns_mask & CRL_NS_BIT(ns)) && fstatat(dir, name, &ret->ns[ns], 0) < 0)
			return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot read back the %s namespace",
					   crl_nskinds[ns].name);
	}
	return 0;
}

/* R1: each namespace of the mask is the room's, by inode. */
static int verify_namespaces(const struct crl_job *job, const struct places *room, struct crl_err *err)
{
	struct places app;
	int r = look(job, job->app_pid, false, &app, err);

	if (r < 0)
		return r;
	for (enum crl_ns ns = 0; ns < CRL_NS_COUNT; ns++) {
		if (!(job->adopt.ns_mask & CRL_NS_BIT(ns)))
			continue;
		if (app.ns[ns].st_ino != room->ns[ns].st_ino || app.ns[ns].st_dev != room->ns[ns].st_dev)
			return crl_err_set(err, EXDEV, CRL_STAGE_ADOPT, "the application is not in the room's %s namespace",
					   crl_nskinds[ns].name);
	}
	return 0;
}

static int send_room(struct crl_job *job, int init_pidfd, struct crl_err *err)
{
	static struct crl_msg_room room; /* 32 KiB: not on the stack, and gone with quiet memory */
	size_t size = offsetof(struct crl_msg_room, filter) + job->filter.len * sizeof(room.filter[0]);
	int r;

	room.adopt = job->adopt;
	crl_notice_write(job, room.notice);
	room.filter_len = job->filter.len;
	for (uint32_t i = 0; i < job->filter.len; i++)
		room.filter[i] = job->filter.insn[i];
	r = crl_msg_send(job->channel, CRL_MSG_ROOM, &room, size, &init_pidfd, 1);
	return r < 0 ? crl_err_set(err, -r, CRL_STAGE_ADOPT, "cannot hand the room to the application") : 0;
}

/* Init announced the room before it dropped its own power, so that both take place at once; here they meet. */
static int await_harmless_init(struct crl_job *job, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	int r;

	if (job->init_channel < 0)
		return 0;
	r = crl_msg_recv(job->init_channel, CRL_ACCEPT(CRL_MSG_CONFIRMED), NULL, 0, job->deadline_ms, &got);
	drop_fd(&job->init_channel);
	return r < 0 ? crl_err_set(err, -r, CRL_STAGE_NAMESPACE, "the room's init could not drop its power") : 0;
}

int crl_enter_invite(struct crl_job *job, int init_pidfd, struct crl_err *err)
{
	return send_room(job, init_pidfd, err);
}

int crl_enter_verify(struct crl_job *job, pid_t init_pid, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct places room;
	int r;

	r = look(job, init_pid, true, &room, err); /* while the application goes in; its pidfd is asked at the end */
	if (r < 0)
		return r;
	r = crl_msg_recv(job->channel, CRL_ACCEPT(CRL_MSG_ENTERED), NULL, 0, job->deadline_ms, &got);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_ADOPT, "the application did not report that it entered");
	r = verify_namespaces(job, &room, err);
	if (r == 0)
		r = crl_limits_set_oom(job, err);
	return r < 0 ? r : await_harmless_init(job, err);
}

int crl_enter_confirm(struct crl_job *job, int init_pidfd, struct crl_err *err)
{
	int r;

	if (crl_pidfd_is_dead(job->app_pidfd) || crl_pidfd_is_dead(init_pidfd))
		return crl_err_set(err, ESRCH, CRL_STAGE_ADOPT, "application or room ended meanwhile");
	r = crl_msg_send(job->channel, CRL_MSG_CONFIRMED, NULL, 0, NULL, 0);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_ADOPT, "the application went away");
	crl_notice_given(job);
	return 0;
}

int crl_enter(struct crl_job *job, int init_pidfd, pid_t init_pid, struct crl_err *err)
{
	int r = crl_enter_invite(job, init_pidfd, err);

	if (r == 0)
		r = crl_enter_verify(job, init_pid, err);
	return r < 0 ? r : crl_enter_confirm(job, init_pidfd, err);
}
