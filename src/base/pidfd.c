// SPDX-License-Identifier: Apache-2.0
/* See pidfd.h. */
#include "base/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

int crl_pidfd_pid(int pidfd, pid_t *ret)
{
	char path[64], text[1024];
	const char *line;
	ssize_t n;
	int pid;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd); /* cannot be cut */
	n = crl_file_read(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	line = strstr(text, "\nPid:");
	if (!line || sscanf(line, "\nPid: %d", &pid) != 1)
		return -EBADF;
	if (pid <= 0)
		return -ESRCH;
	*ret = pid;
	return 0;
}

int crl_pidfd_prove(int pidfd, struct crl_err *err)
{
	pid_t pid = 0;
	int rc;

	/* Only a pidfd takes a signal; /proc/PID directories do too, but have no Pid: line. */
	if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0 && errno != EPERM)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "the room's descriptor is no living process");
	rc = crl_pidfd_pid(pidfd, &pid);
	if (rc == -ESRCH)
		return crl_err_set(err, ESRCH, CRL_STAGE_ADOPT, "the room's init is gone");
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_ADOPT, "the room's descriptor is no pidfd");
	if (pid == getpid())
		return crl_err_set(err, EINVAL, CRL_STAGE_ADOPT, "the room's descriptor is the caller itself");
	return 0;
}

bool crl_pidfd_is_dead(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) != 0; /* a pidfd is readable when its process is gone; doubt counts as gone */
}
