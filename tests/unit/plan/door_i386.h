// SPDX-License-Identifier: Apache-2.0
/* Calls by the 32-bit door of an x86-64 kernel; other machines have no such door, nor has each x86-64 kernel. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#define I386_GETPID 20

/* Returns the kernel's raw answer. */
static inline long call_i386(long nr, long a, long b, long c)
{
	long ret = -ENOSYS;

#ifdef __x86_64__
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
#else
	(void)nr, (void)a, (void)b, (void)c;
#endif
	return ret;
}

/* A kernel without 32-bit entry raises SIGSEGV for int $0x80. */
static inline bool has_i386(void)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0)
		_exit(call_i386(I386_GETPID, 0, 0, 0) != getpid());
	return waitpid(pid, &status, 0) == pid && status == 0;
}
