// SPDX-License-Identifier: Apache-2.0
/* See own.h. */
#include "user/own.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scope.h"
#include "user/said.h"

#define CGROUPS "/sys/fs/cgroup"

enum crl_user_exit crl_user_is_nowhere(void)
{
	char buf[CRL_RETOLD_MAX];

	(void)fprintf(stderr, "carrel: %s\n",
		      crl_user_said("this is no room: it is for logins that carrel has given one", buf));
	return CRL_USER_NOWHERE;
}

enum crl_user_exit crl_user_begin(const char *command, char *const *argv)
{
	if (argv[0]) {
		(void)fprintf(stderr, "usage: carrel %s\n", command);
		return CRL_USER_USAGE;
	}
	return access(CRL_USER_MARKER, F_OK) < 0 ? crl_user_is_nowhere() : CRL_USER_DONE;
}

/* Outside of a cgroup namespace the path in /proc/self/cgroup leads there. A root has no cgroup.events. */
int crl_user_cgroup(void)
{
	scoped_fd top = open(CGROUPS, O_RDONLY | O_DIRECTORY | O_CLOEXEC), own = -EBADF;
	char text[PATH_MAX + 16], *path;

	if (top < 0)
		return -errno;
	if (faccessat(top, "cgroup.events", F_OK, 0) == 0)
		return take_fd(&top);
	if (crl_file_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) <= 0)
		return -ENOENT;
	path = strstr(text, "0::/");
	if (!path || (path != text && path[-1] != '\n'))
		return -ENOENT;
	path += strlen("0::/");
	path[strcspn(path, "\n")] = '\0';
	if (!path[0] || strstr(path, ".."))
		return -ENOENT;
	own = openat(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return own < 0 ? -errno : take_fd(&own);
}
