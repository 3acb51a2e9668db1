// SPDX-License-Identifier: Apache-2.0
/* See pidfd.h. */
#include "proto/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int crl_pidfd_pid(int pidfd, pid_t *ret)
{
	char path[64], text[1024];
	scoped_fd fd = -EBADF;
	const char *line;
	ssize_t n;
	int pid;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd); /* cannot be cut */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	line = strstr(text, "\nPid:");
	if (!line || sscanf(line, "\nPid: %d", &pid) != 1)
		return -EBADF;
	if (pid <= 0)
		return -ESRCH;
	*ret = pid;
	return 0;
}
