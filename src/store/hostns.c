// SPDX-License-Identifier: Apache-2.0
/*
 * See hostns.h. The child shares its descriptors with us and nothing else, so what it opens there is ours here.
 * It ends with us, and we wait for it: nothing of it goes on alone, but what the kernel does not come back from.
 */
#include "store/hostns.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/child.h"

/* What the child leaves behind. */
struct there {
	int rc;
	int fd;
	struct crl_err err;
};

/* Returns 0 with a descriptor, or -EBADF for "we are there"; or -ENOTSUP. */
static int find_host(int *ret_fd)
{
	scoped_fd host = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
	struct stat mine, there;

	if (host < 0 || fstat(host, &there) < 0 || stat("/proc/self/ns/mnt", &mine) < 0)
		return -ENOTSUP;
	if (mine.st_ino == there.st_ino && mine.st_dev == there.st_dev)
		return 0;
	*ret_fd = take_fd(&host);
	return 0;
}

static _Noreturn void be_child(const struct crl_hostns *w, int host, struct there *a)
{
	if (setns(host, CLONE_NEWNS) < 0)
		a->rc = -ENOTSUP;
	else
		a->rc = w->work(w->arg, &a->fd, &a->err);
	_exit(0);
}

static int in_child(const struct crl_hostns *w, int host, struct there *a)
{
	pid_t self = getpid(), pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);
	int rc;

	if (pid < 0)
		return -errno;
	if (pid == 0 && !crl_child_ends_with(self))
		_exit(1);
	if (pid == 0)
		be_child(w, host, a);
	rc = crl_child_answer(pid, w->until_ms ? w->until_ms : INT64_MAX);
	if (rc == -ETIMEDOUT)
		a->err = (struct crl_err){0}; /* half of one */
	return rc == 0 ? a->rc : rc == -ETIMEDOUT ? rc : -EIO;
}

int crl_hostns_run_at(int pidfd, const struct crl_hostns *w, int *ret_fd, struct crl_err *err)
{
	struct there *a = mmap(NULL, sizeof(*a), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int rc;

	*ret_fd = -EBADF;
	if (a == MAP_FAILED)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "out of memory");
	a->fd = -EBADF;
	rc = in_child(w, pidfd, a);
	*ret_fd = rc == -ETIMEDOUT ? -EBADF : a->fd;
	if (rc < 0 && a->err.code != 0 && err)
		*err = a->err;
	else if (rc == -ETIMEDOUT)
		(void)crl_err_set(err, ETIMEDOUT, CRL_STAGE_MOUNT, "what is looked at there does not answer");
	else if (rc < 0)
		(void)crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot work in another mount namespace");
	(void)munmap(a, sizeof(*a));
	return rc;
}

int crl_hostns_run(const struct crl_hostns *w, int *ret_fd, struct crl_err *err)
{
	scoped_fd host = -EBADF;
	int rc = find_host(&host);

	*ret_fd = -EBADF;
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "the host's mount namespace is out of reach");
	return host < 0 ? w->work(w->arg, ret_fd, err) : crl_hostns_run_at(host, w, ret_fd, err);
}
