// SPDX-License-Identifier: Apache-2.0
/*
 * Threads, descriptors and working directory of the PAM application.
 *
 * Runs in: the PAM application, as root.
 * Owns: R1 no directory descriptor of the host comes into a room.
 */
#include "pam_module/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/nskind.h"
#include "base/scope.h"

static int check_threads(struct crl_err *err)
{
	struct stat st;

	if (stat("/proc/self/task", &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER,
				   "cannot count the caller's threads in /proc/self/task");
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

/* R1 */
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
	scoped(crl_dir) dir = {0};
	int rc = 0;

	(void)crl_dir_open(AT_FDCWD, "/proc/self/fd", &dir);
	for (int fd; rc == 0 && crl_dir_next_number(&dir, &fd);)
		rc = fd == crl_dir_fd(&dir) ? 0 : examine_fd(c, fd, err);
	if (rc == 0 && dir.error < 0)
		return crl_err_set(err, -dir.error, CRL_STAGE_CALLER, "cannot list /proc/self/fd");
	return rc;
}

int caller_examine(struct caller *ret, struct crl_err *err)
{
	int rc = check_threads(err);

	if (rc < 0)
		return rc;
	rc = examine_fds(ret, err);
	if (rc < 0)
		return rc;
	crl_cwd_save(&ret->cwd);
	return 0;
}

const char *caller_program(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1); /* titles change */

	path[n > 0 ? n : 0] = '\0';
	return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

/*
 * Known to go on in the process that has opened the session, in ways that a PID namespace breaks without a word: what
 * smbd writes is lost, since its threads cannot start; cockpit-session has no /proc/self to hand its answer on by.
 */
static const char *const works_on[] = {"smbd", "cockpit-session"};

int caller_can_hold(uint32_t ns_mask, struct crl_err *err)
{
	char title[16] = "", path[PATH_MAX];
	const char *name = caller_program(path, sizeof(path));

	if (!(ns_mask & CRL_NS_BIT(CRL_NS_PID)))
		return 0;
	/* exec_child() of systemd, which has no other name before its execve(). */
	if (prctl(PR_GET_NAME, title) == 0 && title[0] == '(' && getppid() == 1)
		return crl_err_set(
			err, EBUSY, CRL_STAGE_CALLER,
			"systemd is about to run a unit's program in this process (PAMName=), and a PID namespace is "
			"for children only: leave carrel out of this service, or give the unit su(1) for a program");
	for (size_t i = 0; i < CRL_ARRAY_LEN(works_on); i++)
		if (strcmp(name, works_on[i]) == 0)
			return crl_err_set(
				err, EBUSY, CRL_STAGE_CALLER,
				"%s works on in the process that opens the session, which a PID namespace breaks: "
				"leave carrel out of this service",
				name);
	return 0;
}

void caller_done(struct caller *c)
{
	free(c->stray);
	*c = (struct caller){0};
}

int caller_seal(const struct caller *c, struct crl_err *err)
{
	for (size_t i = 0; i < c->nstray; i++)
		if (fcntl(c->stray[i], F_SETFD, FD_CLOEXEC) < 0)
			return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot seal descriptor %d", c->stray[i]);
	return 0;
}

void caller_unseal(const struct caller *c)
{
	for (size_t i = 0; i < c->nstray; i++)
		(void)fcntl(c->stray[i], F_SETFD, 0); /* they could be sealed, so they can be unsealed */
}
