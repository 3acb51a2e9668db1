// SPDX-License-Identifier: Apache-2.0
/*
 * Runs one of the host's programs for file systems, with fixed arguments, and keeps what it said.
 *
 * Runs in: helper, carrelctl (root).
 */
#pragma once

#include <stddef.h>

#include "base/scope.h"

/*
 * Run a program with an environment of its own and /dev/null as its input, and wait for its end.
 * @argv   argv[0] is its name alone: it is looked for in the host's directories for programs of root
 * @fd     becomes descriptor 3 of it, which an argument may name as /proc/self/fd/3; -EBADF = none
 * @said   the last line of what it wrote, made visible
 * Returns its exit status; -ENOENT there is no such program; -EIO it was killed; -ETIMEDOUT it takes
 * longer than any disk that answers; -errno.
 */
int crl_tool_run(const char *const argv[], int fd, char *said, size_t size) CRL_MUST_CHECK;
