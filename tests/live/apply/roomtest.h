// SPDX-License-Identifier: Apache-2.0
/*
 * A room for one test case, in a process with namespaces of its own: nothing of the machine changes.
 *
 * stage   a process in its own mount namespace stands for the host; the case prepares it
 * room    its child in new namespaces carries the plan out, then runs the case's checks inside: as the user,
 * as root
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "apply/home/idmap.h"
#include "apply/mounts/walk.h"

#define UID 54321
#define OTHER 54322

struct room_case {
	void (*prepare)(struct crl_policy *p, struct crl_login *l, struct crl_host *h); /* on the stage */
	void (*alter)(struct crl_mount_plan *plan);
	const char *covered; /* what is told of mounts that cannot be shown; NULL = nothing */
	void (*user)(void); /* inside, as the user */
	void (*root)(void); /* inside, as root with every capability */
	void (*during)(void); /* on the stage, while the room stands and before user() runs */
	void (*after)(void); /* on the stage, when the room is gone */
	const char *refused; /* the room must not come to be, and the error holds this */
	enum crl_stage stage; /* of that error */
};

#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #cond, errno); \
			_exit(1); \
		} \
	} while (0)

static char *slurp(const char *path)
{
	char *buf = calloc(1, 1 << 20);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	CHECK(buf);
	if (fd < 0)
		return free(buf), NULL;
	while (len < (1 << 20) - 1 && (n = read(fd, buf + len, (1 << 20) - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	return buf;
}

static void __attribute__((unused)) spit(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static bool __attribute__((unused)) is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static bool __attribute__((unused)) can_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Is @word in @path's text? */
static bool __attribute__((unused)) has_text(const char *path, const char *word)
{
	char *text = slurp(path);
	bool has = text && strstr(text, word);

	free(text);
	return has;
}

static void make_stage(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	/* The pretended host: its own peer group, so that propagation is there to be cut. */
	CHECK(unshare(CLONE_NEWNS) == 0);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("stagehome", "/home", "tmpfs", 0, "mode=755") == 0);
	CHECK(mount("stagesrv", "/srv", "tmpfs", 0, "mode=755") == 0);
	CHECK(mount("stagerun", "/run", "tmpfs", 0, "mode=755") == 0);
	CHECK(mount("stagemnt", "/mnt", "tmpfs", 0, "mode=755") == 0);
	CHECK(mkdir("/home/u", 0750) == 0 && chown("/home/u", UID, UID) == 0);
	CHECK(mkdir("/home/other", 0755) == 0 && chown("/home/other", OTHER, OTHER) == 0);
	spit("/home/u/mine", "mine\n");
	CHECK(chown("/home/u/mine", UID, UID) == 0);
	crl_policy_init(p);
	p->tmp_size = 16 << 20;
	p->home_size = 16 << 20;
	*l = (struct crl_login){.uid = UID,
				.gid = UID,
				.ngroups = 1,
				.groups = {UID},
				.user = "u",
				.home = "/home/u",
				.service = "sshd",
				.tty = "ssh"};
	*h = (struct crl_host){.name = "stage", .room_name = "u-stage", .room_id = "testroom"};
}

static int run_as(void (*fn)(void), uid_t uid)
{
	int status = 0;
	pid_t pid;

	if (!fn)
		return 0;
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		gid_t gid = uid;

		if (uid)
			CHECK(setgroups(1, &gid) == 0 && setgid(gid) == 0 && setuid(uid) == 0);
		fn();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void be_room(const struct room_case *c, const struct crl_mount_plan *plan, const struct crl_login *l, int up,
		    int down)
{
	struct crl_mounts_view view = {.proc = -EBADF, .utmp = -EBADF};
	struct crl_err err = {.code = 0};
	int fds = count_fds();
	int groups = getgroups(0, NULL);
	int death = 0, rc;
	char go;

	CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR2) == 0);
	rc = crl_mounts_apply(plan, l, &view, &err);
	/* Becoming the user and back makes the kernel forget it; a room must die with its parent all the same. */
	CHECK(prctl(PR_GET_PDEATHSIG, &death) == 0 && death == SIGUSR2);
	CHECK(write(up, &err, sizeof(err)) == sizeof(err));
	if (rc) {
		CHECK(err.code == -rc);
		CHECK(count_fds() == fds);
		_exit(c->refused ? 0 : 1);
	}
	/* The user's rights were given back. */
	CHECK((int)setfsuid((uid_t)-1) == 0 && (int)setfsgid((gid_t)-1) == 0 && getgroups(0, NULL) == groups);
	/* Exactly the two that were promised are open, and they are what they should be. */
	CHECK(count_fds() == fds + 2);
	CHECK(faccessat(view.proc, "self/status", F_OK, 0) == 0);
	CHECK(c->covered ? strstr(view.covered, c->covered) != NULL : !view.covered[0]);
	CHECK(read(view.utmp, &go, 1) == 0);
	CHECK(umask(0) == 022);
	CHECK(setsid() >= 0 || errno == EPERM);
	CHECK(read(down, &go, 1) == 1);
	_exit(run_as(c->user, UID) || run_as(c->root, 0));
}

static int on_stage(const struct room_case *c)
{
	static struct crl_login login;
	static struct crl_host host;
	struct crl_policy policy;
	struct crl_mount_plan plan;
	struct crl_err err = {.code = 0};
	struct timespec from;
	struct timespec to;
	char *before;
	char *now;
	int up[2];
	int down[2];
	int fd;
	int status;
	pid_t pid;
	int rc;

	(void)umask(022);
	make_stage(&policy, &login, &host);
	if (c->prepare)
		c->prepare(&policy, &login, &host);
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	before = slurp("/proc/self/mountinfo");
	fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	CHECK(crl_host_read_mounts(fd, &host, &err) == 0);
	close(fd);
	rc = crl_mount_plan_build(&policy, &login, &host, &plan, &err);
	if (rc)
		return c->refused && strstr(err.text, c->refused) && err.stage == c->stage
			       ? 0
			       : (fprintf(stderr, "plan: %s: %s\n", crl_stage_name(err.stage), err.text), 1);
	if (c->alter)
		c->alter(&plan);
	CHECK(pipe2(up, O_CLOEXEC) == 0 && pipe2(down, O_CLOEXEC) == 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	pid = (pid_t)syscall(SYS_clone, crl_ns_clone_flags(policy.namespaces & ~CRL_NS_BIT(CRL_NS_TIME)) | SIGCHLD, 0,
			     0, 0, 0);
	CHECK(pid >= 0);
	if (!pid)
		be_room(c, &plan, &login, up[1], down[0]);
	close(up[1]);
	CHECK(read(up[0], &err, sizeof(err)) == sizeof(err));
	clock_gettime(CLOCK_MONOTONIC, &to);
	CHECK(to.tv_sec - from.tv_sec < 30); /* no FIFO or dead server was waited for */
	now = slurp("/proc/self/mountinfo");
	CHECK(!strcmp(before, now));
	if (err.code && !(c->refused && strstr(err.text, c->refused) && err.stage == c->stage)) {
		fprintf(stderr, "room: %s: %s\n", crl_stage_name(err.stage), err.text);
		_exit(1);
	}
	if (c->refused && !err.code) {
		fprintf(stderr, "room: it came to be, and should be refused: %s\n", c->refused);
		(void)kill(pid, SIGKILL); /* it waits for us */
		_exit(1);
	}
	if (c->during)
		c->during();
	else
		before = NULL;
	CHECK(err.code || write(down[1], "g", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid);
	if (!before) {
		before = slurp("/proc/self/mountinfo");
		CHECK(!strcmp(before, now)); /* and after */
	}
	if (c->after)
		c->after();
	crl_mount_plan_done(&plan);
	crl_host_done(&host);
	crl_policy_done(&policy);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Can a template be the user's whose lower is in a tmpfs, as the stage is? Linux 6.3 or newer. */
static inline bool tmpfs_is_mapped(void)
{
	scoped_fd dir = open("/dev/shm", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (crl_idmap_try(dir) == 0)
		return true;
	puts("not asked: owners are not mapped in tmpfs by this kernel");
	return false;
}

/* Run a case; the test fails when any check in it does, or the machine's mountinfo changes. */
static void run_case(const struct room_case *c)
{
	char *before = slurp("/proc/self/mountinfo");
	char *after;
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(on_stage(c));
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	after = slurp("/proc/self/mountinfo");
	assert_string_equal(before, after);
	free(before);
	free(after);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
