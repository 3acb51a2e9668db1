// SPDX-License-Identifier: Apache-2.0
/*
 * A process that is stopped in a system call: which it is, that it shall not be made, and what it has answered. Where the
 * kernel has these words is each architecture's own. Source: ptrace(2), the kernel's uapi/asm/ptrace.h.
 */
#pragma once

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)
static inline long tracee_number(pid_t pid)
{
	return ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, orig_rax), NULL);
}

/* Another number than any call has. */
static inline void tracee_call_none(pid_t pid)
{
	(void)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L);
}

/* On the way out: @value as the kernel answers, -errno. */
static inline void tracee_answer(pid_t pid, long value)
{
	(void)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), value);
}
#elif defined(__aarch64__)
static inline long tracee_number(pid_t pid)
{
	int nr = -1;
	struct iovec io = {&nr, sizeof(nr)};

	(void)ptrace(PTRACE_GETREGSET, pid, NT_ARM_SYSTEM_CALL, &io);
	return nr;
}

static inline void tracee_call_none(pid_t pid)
{
	int nr = -1;
	struct iovec io = {&nr, sizeof(nr)};

	(void)ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io);
}

static inline void tracee_answer(pid_t pid, long value)
{
	struct user_regs_struct regs;
	struct iovec io = {&regs, sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) < 0)
		return;
	regs.regs[0] = (unsigned long long)value;
	(void)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
}
#else
#error "where a call's number and answer are on this architecture"
#endif
