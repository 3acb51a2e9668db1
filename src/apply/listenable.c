// SPDX-License-Identifier: Apache-2.0
/* See listenable.h. It is tried, by a child that ends with it. */
#include "apply/listenable.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"

int crl_listenable(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = {.len = 1, .filter = &all};
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) < 0
			      ? errno & 0xff
			      : 0);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0) /* it is root's, makes one call, and no user can stop or freeze it */
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ENOSYS; /* a filter has ended it */
}
