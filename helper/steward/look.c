// SPDX-License-Identifier: Apache-2.0
/*
 * Look at all that a room shows of the host, and renew what is another by now.
 *
 * Runs in: a child of carrel-steward. It may hang for ever in what it looks at; the steward ends it then.
 * R1: the room is proved: its init's start time, after its namespace is held, and the inode of that namespace as the
 * helper that made it has noted it. So is the place that it was made from.
 * R2: of the steward's power only what this needs is left, and nothing that is started has more.
 */
#include "helper/steward/follow.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "apply/mounts/renew.h"
#include "base/procstat.h"
#include "helper/steward/places.h"

int crl_follow_open_namespace(pid_t pid, uint64_t start)
{
	char path[40];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid); /* fits */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && (start == 0 || crl_process_start(pid) != start))
		drop_fd(&fd);
	return fd < 0 ? -EBADF : fd;
}

/* R1. A room without mounts of its own shows the host itself. */
static bool open_both(const struct crl_showing *s, struct crl_renewal *ret)
{
	struct stat st;

	ret->from = crl_follow_open_namespace(s->supervisor, s->supervisor_start);
	ret->room = crl_follow_open_namespace(s->init, s->init_start);
	return ret->from >= 0 && ret->room >= 0 && s->ns != 0 && fstat(ret->room, &st) == 0 &&
	       (uint64_t)st.st_ino == s->ns;
}

/* R2 */
static bool give_up_power(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	const uint32_t keep = 1u << CAP_SYS_ADMIN | 1u << CAP_SYS_CHROOT | 1u << CAP_SYS_PTRACE |
			      1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capget, &head, data) < 0)
		return false;
	data[0].permitted &= keep;
	data[0].effective = data[0].permitted;
	data[1].permitted = data[1].effective = 0;
	return syscall(SYS_capset, &head, data) == 0;
}

static bool is_in_trouble(const struct trouble *trouble, const char *path)
{
	for (size_t i = 0; i < CRL_TROUBLE_MAX; i++)
		if (trouble[i].until_ms > crl_now_ms() && strcmp(trouble[i].path, path) == 0)
			return true;
	return false;
}

static void watch_all(const struct crl_shown_entry *e, const struct watching *w)
{
	const char *beneath = crl_place_beneath(e);

	if (e->kind == CRL_MOUNT_SOCKET) {
		crl_steward_watch_cached(w, e->target);
		return;
	}
	crl_ways_watch(w, crl_place_on_host(e));
	if (beneath)
		crl_ways_watch(w, beneath);
	if (e->kind == CRL_MOUNT_HOSTS || e->kind == CRL_MOUNT_USERS || e->kind == CRL_MOUNT_RESOLV)
		crl_steward_watch_text(w, "etc");
}

/* First the watch, then the look, so that no change falls between them. */
static void look_at(const struct crl_shown_entry *e, const char *name, struct crl_renewal *w, int inotify,
		    struct report *report)
{
	const struct crl_mount_op op = {.kind = e->kind,
					.flags = e->flags,
					.place_tree = e->tree,
					.source = e->source,
					.target = e->target,
					.data = e->kind == CRL_MOUNT_HOSTS ? name : e->data};
	scoped_fd root = -EBADF;
	int rc;

	if (setns(w->from, CLONE_NEWNS) < 0) {
		report->passed++;
		return;
	}
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	watch_all(e, &(struct watching){.root = root, .fds = w->fds, .inotify = inotify, .report = report});
	rc = crl_renew(w, &op);
	report->renewed += rc > 0;
	report->names += rc > 0 && e->kind == CRL_MOUNT_RESOLV;
	if (rc < 0) {
		report->error = -rc;
		report->failed = report->at;
		(void)snprintf(report->step, sizeof(report->step), "%s", w->step);
	}
}

void crl_follow_work(const struct followed *f, int inotify, const struct trouble *trouble, struct report *report)
{
	struct crl_renewal w = {.from = -EBADF, .room = -EBADF, .fds = -EBADF, .step = ""};
	sigset_t none;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || !open_both(&f->shown, &w) || !give_up_power())
		_exit(1);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)umask(0);
	w.fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (uint32_t i = 0; i < f->set->entries; i++) {
		const struct crl_shown_entry *e = &f->set->entry[i];
		const char *path = crl_place_on_host(e);

		report->at = i;
		if (f->set->no_sockets && e->kind == CRL_MOUNT_SOCKET)
			continue;
		if (is_in_trouble(trouble, path))
			report->passed++;
		else
			look_at(e, f->host_name, &w, inotify, report);
	}
	report->whole = 1;
	_exit(0);
}
