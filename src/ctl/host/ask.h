// SPDX-License-Identifier: Apache-2.0
/* Ask a program of the host, with a fixed path and an empty environment, and read what it prints. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/scope.h"

/*
 * @argv       argv[0] is the path; standard error goes nowhere
 * @ret        the first @size - 1 bytes of its standard output, with a NUL; what comes behind is not read
 * @timeout_ms then it is killed
 * Returns its exit status, or -errno: -ENOENT no such program; -ETIMEDOUT; -ECHILD it was killed.
 */
int ctl_ask_program(char *const *argv, char *ret, size_t size, int timeout_ms) CRL_MUST_CHECK;

/*
 * The same for an answer of any length: start it, and read @ret_fd to its end. Returns 0; -ENOENT no such program;
 * -errno. ctl_ask_end() waits for it when the descriptor is closed, and returns its exit status; -ECHILD it was killed.
 */
int ctl_ask_begin(char *const *argv, pid_t *ret_pid, int *ret_fd) CRL_MUST_CHECK;
int ctl_ask_end(pid_t pid) CRL_MUST_CHECK;
