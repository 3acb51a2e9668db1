// SPDX-License-Identifier: Apache-2.0
/* Ask a program of the host, with a fixed path and an empty environment, and read what it prints. */
#pragma once

#include <stddef.h>

#include "proto/scope.h"

/*
 * @argv       argv[0] is the path; standard error goes nowhere
 * @ret        the first @size - 1 bytes of its standard output, with a NUL; what comes behind is not read
 * @timeout_ms then it is killed
 * Returns its exit status, or -errno: -ENOENT no such program; -ETIMEDOUT; -ECHILD it was killed.
 */
int ctl_ask_program(char *const *argv, char *ret, size_t size, int timeout_ms) CRL_MUST_CHECK;
