// SPDX-License-Identifier: Apache-2.0
/*
 * Measured: each call of @login was denied alone, and a command by ssh, a shell on a terminal by ssh and su were tried
 * on Debian 12. Without one of these at least one of the three did not come about, or had lost its session or terminal.
 *
 * Runs in: carrelctl. Pure.
 */
#include "plan/filter_need.h"

#include <stdio.h>
#include <string.h>

static const char *const needed[] = {
	/* carrel's module, after the filter is in force and at the end */
	"close", "newfstatat", "fcntl", "recvmsg", "sendmsg", "poll",
	/* any program's start */
	"execve", "openat", "read", "pread64", "mmap", "mprotect", "arch_prctl",
	/* sshd, su and a shell */
	"write", "ppoll", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "ioctl", "dup", "dup2", "pipe2", "clone", "wait4",
	"getrandom", "socket", "socketpair", "sendto", "recvfrom", "getuid", "geteuid", "getgid", "getpgrp", "getcwd", "chown",
	"getdents64", "lseek", "exit_group",
};

bool crl_callset_lacks(const struct crl_callset *set, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < CRL_ARRAY_LEN(needed); i++) {
		if (crl_callset_answer_by_name(set, needed[i]) == CRL_ANSWER_ALLOW)
			continue;
		if (len + strlen(needed[i]) + sizeof(", ...") > size) {
			(void)snprintf(text + len, size - len, "...");
			return true;
		}
		len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "", needed[i]);
	}
	return len > 0;
}
