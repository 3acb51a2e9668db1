// SPDX-License-Identifier: Apache-2.0
/*
 * Names under which one and the same call is made: its forms for 32-bit programs, for longer times, longer offsets and
 * longer user ids. Who denies one of them means all.
 *
 * Not twins are calls of their own that come to the same (open and openat, dup2 and dup3): those a group is for.
 *
 * Runs in: helper, carrelctl. Pure. Source: arch/x86/entry/syscalls/syscall_32.tbl, arch/arm/tools/syscall.tbl, ipc(2),
 * socketcall(2).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The @nth other name of a call, or NULL behind the last. */
const char *crl_twin_name(const char *name, size_t nth);

/* One door for many calls, whose first argument says which: i386's ipc() and socketcall(). */
struct crl_twin_door {
	const char *door; /* "ipc" */
	const char *name; /* "shmget" */
	uint32_t mask; /* of the first argument, 0 = all of it: the upper half of ipc()'s is a version */
	uint32_t call; /* what it is then */
};

/* All of them, by door; NULL behind the last. */
const struct crl_twin_door *crl_twin_door(size_t nth);
