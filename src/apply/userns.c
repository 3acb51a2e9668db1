// SPDX-License-Identifier: Apache-2.0
/*
 * See userns.h.
 *
 * R1: the owner is who the kernel says it is, and the maps are read back: neither is taken on trust from the child,
 * which runs with the user's uid.
 * R2: the child is never dumpable, since our memory is in it, and dies with us.
 * R3: where the policy lets nobody make user namespaces in it the kernel refuses them as well, not the filter alone.
 */
#include "apply/userns.h"

#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/child.h"
#include "base/compat.h"
#include "base/file.h"
#include "base/pidfd.h"

#define WAIT_MS 10000 /* its user can stop the child, whose uid is theirs */
#define COUNT_FILE "/proc/sys/user/max_user_namespaces"

enum step { STEP_IDS = 1, STEP_UNSHARE, STEP_COUNT };

struct userns_answer {
	int32_t step; /* that failed; 0 = all is done */
	int32_t code;
};

static bool survives_nobody(pid_t parent)
{
	return crl_child_ends_with(parent) && prctl(PR_SET_DUMPABLE, 0) == 0;
}

/* In the child. R2: each change of ids forgets the death signal. R3 */
static int make(const struct crl_userns_wish *w, pid_t parent, struct userns_answer *a)
{
	char text[24];

	a->step = STEP_IDS;
	if (setgroups(0, NULL) || setresgid(w->gid, w->gid, w->gid) || setresuid(w->uid, w->uid, w->uid) ||
	    !survives_nobody(parent))
		return -errno;
	a->step = STEP_UNSHARE;
	if (unshare(CLONE_NEWUSER | (w->net ? CLONE_NEWNET : 0)) || !survives_nobody(parent))
		return -errno;
	a->step = STEP_COUNT;
	(void)snprintf(text, sizeof(text), "%" PRIu64 "\n", w->namespaces);
	return crl_file_write(AT_FDCWD, COUNT_FILE, text);
}

static _Noreturn void be_maker(const struct crl_userns_wish *w, pid_t parent, int answer)
{
	struct userns_answer a = {0};
	int rc = make(w, parent, &a);

	a.code = -rc;
	a.step = rc < 0 ? a.step : 0;
	if (write(answer, &a, sizeof(a)) != (ssize_t)sizeof(a))
		_exit(1);
	for (;;)
		(void)pause();
}

int crl_userns_start(const struct crl_userns_wish *w, struct crl_userns *ret, struct crl_err *err)
{
	struct clone_args ca = {
		.flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&ret->pidfd, .exit_signal = SIGCHLD};
	scoped_fd theirs = -EBADF;
	pid_t self = getpid(), pid;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a pipe");
	ret->answer = ends[0];
	theirs = ends[1];
	pid = (pid_t)syscall(SYS_clone3, &ca, sizeof(ca));
	if (pid < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot fork");
	if (pid == 0)
		be_maker(w, self, theirs);
	ret->maker = pid;
	return 0;
}

const char *crl_userns_obstacle(void)
{
	char text[32];

	if (crl_file_read(AT_FDCWD, "/proc/sys/kernel/unprivileged_userns_clone", text, sizeof(text)) > 0 &&
	    text[0] == '0')
		return "kernel.unprivileged_userns_clone is 0";
	if (crl_file_read(AT_FDCWD, COUNT_FILE, text, sizeof(text)) > 0 && strcmp(text, "0\n") == 0)
		return "user.max_user_namespaces is 0";
	if (crl_file_read(AT_FDCWD, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", text, sizeof(text)) > 0 &&
	    text[0] == '1')
		return "kernel.apparmor_restrict_unprivileged_userns is 1";
	return access("/proc/self/ns/user", F_OK) == 0 ? NULL : "this kernel has no user namespaces";
}

uint64_t crl_userns_most(void)
{
	uint64_t most;

	return crl_file_read_number(AT_FDCWD, COUNT_FILE, &most) < 0 ? UINT64_MAX : most;
}

static int refuse(const struct userns_answer *a, struct crl_err *err)
{
	const char *why = crl_userns_obstacle();

	if (!why && a->step == STEP_UNSHARE && a->code == ENOSPC)
		why = "user.max_user_namespaces of this host is used up";
	if (a->step == STEP_COUNT)
		return crl_err_set(err, a->code, CRL_STAGE_NAMESPACE,
				   "cannot limit the user namespaces in the room's own: " COUNT_FILE
				   " cannot be written");
	return crl_err_set(err, a->code, CRL_STAGE_NAMESPACE, "the user's own user namespace cannot be made%s%s",
			   why ? ": " : "", why ? why : "");
}

static int await(struct crl_userns *u, struct crl_err *err)
{
	struct pollfd p = {.fd = u->answer, .events = POLLIN};
	struct userns_answer a = {0};
	int n;

	do {
		n = poll(&p, 1, WAIT_MS);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return crl_err_set(err, n < 0 ? errno : ETIMEDOUT, CRL_STAGE_NAMESPACE,
				   "no user namespace was made in time");
	if (read(u->answer, &a, sizeof(a)) != (ssize_t)sizeof(a))
		return crl_err_set(err, EPIPE, CRL_STAGE_NAMESPACE, "who makes the user namespace has died");
	return a.step ? refuse(&a, err) : 0;
}

static int open_of(pid_t number, const char *file, int flags)
{
	char path[48];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)number, file);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Numbers of a text, for a comparison: the kernel writes columns. */
static bool is_same_map(char *text, const struct crl_subid_map *m)
{
	struct crl_subid_map back = {.len = 0};
	char *rest = text;

	for (char *line; back.len < CRL_ID_MAP_MAX && (line = strsep(&rest, "\n")) && *line; back.len++)
		if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &back.line[back.len].inside,
			   &back.line[back.len].outside, &back.line[back.len].count) != 3)
			return false;
	return back.len == m->len && memcmp(back.line, m->line, m->len * sizeof(m->line[0])) == 0;
}

/* R1. In one write each, as the kernel wants it. */
static int write_map(pid_t number, const char *file, const struct crl_subid_map *m)
{
	scoped_fd fd = open_of(number, file, O_RDWR);
	char text[CRL_ID_MAP_TEXT], back[CRL_ID_MAP_MAX * 40];
	size_t len = crl_subid_map_print(m, text);
	ssize_t n;

	if (fd < 0)
		return fd;
	if (write(fd, text, len) != (ssize_t)len)
		return -errno;
	n = pread(fd, back, sizeof(back) - 1, 0);
	if (n < 0)
		return -errno;
	back[n] = '\0';
	return is_same_map(back, m) ? 0 : -ENOTRECOVERABLE;
}

/* R1 */
static int prove_owner(int ns, uint32_t uid)
{
	uid_t owner;

	if (ioctl(ns, NS_GET_OWNER_UID, &owner) < 0)
		return -errno;
	return owner == uid ? 0 : -ENOTRECOVERABLE;
}

static int take(const struct crl_userns_wish *w, const struct crl_subid_map *uids, const struct crl_subid_map *gids,
		struct crl_userns *u)
{
	pid_t number;
	int rc = crl_pidfd_pid(u->pidfd, &number); /* /proc is the host's, we may be in a PID namespace below */

	if (rc == 0)
		rc = write_map(number, "uid_map", uids);
	if (rc == 0)
		rc = write_map(number, "gid_map", gids);
	if (rc == 0)
		rc = u->user = open_of(number, "ns/user", O_RDONLY);
	if (rc >= 0 && w->net)
		rc = u->net = open_of(number, "ns/net", O_RDONLY);
	return rc < 0 ? rc : prove_owner(u->user, w->uid);
}

static void end_maker(struct crl_userns *u)
{
	crl_child_end(u->maker);
	u->maker = 0;
	drop_fd(&u->pidfd);
	drop_fd(&u->answer);
}

int crl_userns_finish(const struct crl_userns_wish *w, const struct crl_subid_map *uids,
		      const struct crl_subid_map *gids, struct crl_userns *u, struct crl_err *err)
{
	int rc = await(u, err);

	if (rc == 0) {
		rc = take(w, uids, gids, u);
		if (rc < 0)
			(void)crl_err_set(err, -rc, CRL_STAGE_NAMESPACE,
					  "the ids of the room's user namespace cannot be set");
	}
	end_maker(u);
	return rc;
}

void crl_userns_done(struct crl_userns *u)
{
	end_maker(u);
	drop_fd(&u->user);
	drop_fd(&u->net);
}
