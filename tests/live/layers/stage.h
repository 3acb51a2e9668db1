// SPDX-License-Identifier: Apache-2.0
/*
 * A home with an overlay of the kernel's over it, on file systems of their own, for tests that commit, discard and merge:
 * PLACE/home below, PLACE/store/{up,work,trash} above. Needs root.
 */
#pragma once

#include <grp.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "layers/marks.h"
#include "layers/view.h"
#include "tests/live/layers/ops.h"
#include "tests/live/layers/place.h"
#include "tests/live/layers/portrait.h"

#define STAGE_UID 54321
#define STAGE_HOME PLACE "/home"
#define STAGE_STORE PLACE "/store"
#define STAGE_MERGED PLACE "/merged"

static inline void stage_own(const char *dir)
{
	assert_true(mkdir(dir, 0755) == 0 || errno == EEXIST);
	assert_int_equal(chown(dir, STAGE_UID, STAGE_UID), 0);
}

/* Everything new and empty. */
static inline void stage_clear(void)
{
	static const char *const mounts[] = {STAGE_HOME, STAGE_STORE};
	static const char *const dirs[] = {STAGE_MERGED, STAGE_STORE "/up", STAGE_STORE "/work", STAGE_STORE "/trash",
					   STAGE_STORE "/data"};

	assert_int_equal(chdir("/"), 0);
	for (size_t i = 0; i < 2; i++) {
		(void)umount2(mounts[i], MNT_DETACH);
		stage_own(mounts[i]);
		assert_int_equal(mount("stage", mounts[i], "tmpfs", MS_NODEV, "size=256m"), 0);
		stage_own(mounts[i]);
		assert_int_equal(chmod(mounts[i], 0755), 0);
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++)
		stage_own(dirs[i]);
}

static inline void stage_mount(void)
{
	assert_int_equal(mount("merged", STAGE_MERGED, "overlay", 0,
			       "index=off,redirect_dir=on,metacopy=off,xino=off,lowerdir=" STAGE_HOME
			       ",upperdir=" STAGE_STORE "/up,workdir=" STAGE_STORE "/work"),
			 0);
}

static inline void stage_unmount(void)
{
	assert_int_equal(umount2(STAGE_MERGED, 0), 0);
}

/* A child is the user, as a worker is: their ids, no power. */
static inline void stage_become(void)
{
	struct rlimit files = {20000, 20000};

	if (setrlimit(RLIMIT_NOFILE, &files) || setgroups(0, NULL) || setresgid(STAGE_UID, STAGE_UID, STAGE_UID) ||
	    setresuid(STAGE_UID, STAGE_UID, STAGE_UID))
		_exit(120);
	(void)umask(022);
}

/* @n random operations of the user in @dir. */
static inline void stage_play(const char *dir, uint64_t seed, int n)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		stage_become();
		if (chdir(dir))
			_exit(121);
		ops_run(seed, n);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What the overlay shows of what is there. To be freed. */
static inline char *stage_look(enum portrait_kind kind)
{
	char *text;

	stage_mount();
	text = portrait_of(STAGE_MERGED, kind);
	stage_unmount();
	assert_non_null(text);
	return text;
}

static inline void stage_same(const char *what, uint64_t seed, const char *before, const char *after)
{
	size_t at = 0;

	if (strcmp(before, after) == 0)
		return;
	while (before[at] == after[at])
		at++;
	while (at > 0 && before[at - 1] != '\n')
		at--;
	fail_msg("%s, seed %ju: was\n%.300s\nis\n%.300s", what, (uintmax_t)seed, before + at, after + at);
}

/* Both layers open, and a server for their marks. In the child, before it becomes the user. */
static inline void stage_open(struct crl_layers *layers)
{
	struct crl_marks_server server = {.uid = STAGE_UID, .gid = STAGE_UID};
	struct stat st;
	pid_t pid;

	*layers = (struct crl_layers){.len = 2, .top = 1, .marks = CRL_MARKS_OWN};
	layers->fd[0] = open(STAGE_STORE "/up", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	layers->fd[1] = open(STAGE_HOME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fstat(layers->fd[0], &st))
		_exit(122);
	server.dev = st.st_dev;
	if (crl_marks_start(&server, &layers->marks.sock, &pid, NULL) < 0)
		_exit(123);
}
