// SPDX-License-Identifier: Apache-2.0
/* See netns.h. */
#include "apply/net/netns.h"

#include <errno.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/path.h"

static bool is_same(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static bool is_hosts_users(int ns)
{
	scoped_fd owner = ioctl(ns, NS_GET_USERNS);

	return owner >= 0 && is_same(owner, "/proc/self/ns/user");
}

/* R1 */
static int prove(const char *path, int fd, struct crl_err *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC || ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return crl_err_set(err, EINVAL, CRL_STAGE_NAMESPACE,
				   "%s: found what is no network namespace, expected one of ip netns", path);
	if (is_same(fd, "/proc/self/ns/net"))
		return crl_err_set(
			err, EXDEV, CRL_STAGE_NAMESPACE,
			"%s: found the host's own network, expected another (network.mode = \"host\" is that)", path);
	if (!is_hosts_users(fd))
		return crl_err_set(err, EPERM, CRL_STAGE_NAMESPACE,
				   "%s: found a network namespace of another user namespace, expected one that root of "
				   "the host made",
				   path);
	return 0;
}

int crl_netns_open(const char *path, int *ret, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc = crl_path_open_trusted(path, CRL_PATH_FILE, CRL_STAGE_NAMESPACE, &fd, err);

	if (rc == 0)
		rc = prove(path, fd, err);
	if (rc == 0)
		*ret = take_fd(&fd);
	return rc;
}
