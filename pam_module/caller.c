// SPDX-License-Identifier: Apache-2.0
/*
 * Threads, descriptors and working directory of the PAM application.
 *
 * Runs in: the PAM application, as root.
 * Owns: R3 no directory descriptor of the host comes into a room.
 */
#include "pam_module/caller.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/scope.h"

static void close_dir(DIR *const *d)
{
	if (*d)
		(void)closedir(*d); /* read only: nothing to lose */
}

static int check_threads(struct crl_err *err)
{
	struct stat st;

	if (stat("/proc/self/task", &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot count the caller's threads in /proc/self/task");
	/* A directory has two links of its own and one for each subdirectory, here one for each thread. */
	if (st.st_nlink > 3)
		return crl_err_set(err, EBUSY, CRL_STAGE_CALLER,
				   "the caller has %ju threads; only a single-threaded one can enter a room",
				   (uintmax_t)st.st_nlink - 2);
	return 0;
}

static int keep_stray(struct caller *c, int fd, struct crl_err *err)
{
	int *more = reallocarray(c->stray, c->nstray + 1, sizeof(*more));

	if (!more)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CALLER, "no memory");
	more[c->nstray++] = fd;
	c->stray = more;
	return 0;
}

static int examine_fd(struct caller *c, int fd, struct crl_err *err)
{
	int status = fcntl(fd, F_GETFL);
	int flags = fcntl(fd, F_GETFD);
	struct stat st;

	if (status < 0 || flags < 0 || fstat(fd, &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot look at descriptor %d", fd);
	if (!(status & O_PATH) && !S_ISDIR(st.st_mode))
		return 0;
	if (fd <= 2)
		return crl_err_set(err, EXDEV, CRL_STAGE_CALLER, "descriptor %d is a directory of the host", fd);
	return flags & FD_CLOEXEC ? 0 : keep_stray(c, fd, err);
}

static int examine_fds(struct caller *c, struct crl_err *err)
{
	__attribute__((cleanup(close_dir))) DIR *dir = opendir("/proc/self/fd");
	int rc;

	if (!dir)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot list /proc/self/fd");
	for (;;) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == dirfd(dir))
			continue;
		rc = examine_fd(c, atoi(entry->d_name), err);
		if (rc < 0)
			return rc;
	}
	return errno ? crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot list /proc/self/fd") : 0;
}

static void find_cwd(struct caller_cwd *ret)
{
	struct stat st;

	/* A removed or unreachable directory has no path to come back to. */
	if (!getcwd(ret->path, sizeof(ret->path)) || ret->path[0] != '/' || stat(".", &st) < 0) {
		ret->path[0] = '\0';
		return;
	}
	ret->dev = st.st_dev;
	ret->ino = st.st_ino;
}

int caller_examine(struct caller *ret, struct crl_err *err)
{
	int rc = check_threads(err);

	if (rc < 0)
		return rc;
	rc = examine_fds(ret, err);
	if (rc < 0)
		return rc;
	find_cwd(&ret->cwd);
	return 0;
}

void caller_done(struct caller *c)
{
	free(c->stray);
	*c = (struct caller){0};
}

int caller_seal(const struct caller *c, struct crl_err *err)
{
	for (size_t i = 0; i < c->nstray; i++) {
		if (fcntl(c->stray[i], F_SETFD, FD_CLOEXEC) < 0)
			return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot seal descriptor %d", c->stray[i]);
	}
	return 0;
}

void caller_unseal(const struct caller *c)
{
	for (size_t i = 0; i < c->nstray; i++)
		(void)fcntl(c->stray[i], F_SETFD, 0); /* they could be sealed, so they can be unsealed */
}

void caller_return_cwd(const struct caller_cwd *cwd)
{
	struct stat st;

	if (cwd->path[0] && chdir(cwd->path) == 0 && stat(".", &st) == 0 && st.st_dev == cwd->dev && st.st_ino == cwd->ino)
		return;
	(void)!chdir("/"); /* cannot fail */
}

void caller_enter_cwd(const struct caller_cwd *cwd, const char *home)
{
	if (cwd->path[0] && chdir(cwd->path) == 0)
		return;
	if (home && chdir(home) == 0)
		return;
	(void)!chdir("/"); /* cannot fail, and setns() left us there already */
}
