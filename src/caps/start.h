// SPDX-License-Identifier: Apache-2.0
/*
 * The launcher's way to the kernel and back, without the C library.
 *
 * Runs in: carrel-caps.
 */
#pragma once

#include <sys/syscall.h>

#define CRL_LAUNCH_WRITE SYS_write
#define CRL_LAUNCH_EXECVE SYS_execve
#define CRL_LAUNCH_PRCTL SYS_prctl
#define CRL_LAUNCH_CAPGET SYS_capget

/* A system call with up to five arguments. Returns what the kernel does: -errno on failure. */
long crl_launch_system(long number, const long arg[5]);

/* What the program does; called by the start. @argv, @envp  of the process, each up to NULL. Returns its status */
int crl_launch_main(char **argv, char **envp);
