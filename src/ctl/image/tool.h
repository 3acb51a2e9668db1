// SPDX-License-Identifier: Apache-2.0
/*
 * A program of the host that handles what others have made: a tar stream, a tree of somebody's. It runs where it can
 * read the host's programs and what it is given, and write into one directory, whatever links, names and races it
 * meets; with the capabilities that files of others need and no more, and without a network.
 *
 * Runs in: carrelctl (root).
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct ctl_tool {
	char *const *argv; /* argv[0] is looked for in /usr/bin, /usr/sbin, /bin and /sbin */
	const char *env; /* one "NAME=VALUE", or NULL */
	const char *package; /* that has it, for the error */
	int in; /* a directory or file that it finds at /in, read-only; -EBADF = none */
	int out; /* a directory that it finds at /out */
};

/*
 * Run it to its end. Its standard input is empty.
 * Errors (stage MOUNT): -ENOENT it is not installed; -EIO it says no, with the last line of what it said, or no place
 * for it can be made.
 */
int ctl_tool_run(const struct ctl_tool *t, struct crl_err *err) CRL_MUST_CHECK;
