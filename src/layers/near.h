// SPDX-License-Identifier: Apache-2.0
/*
 * One name of a directory that its owner may change at any time: opened or looked at without following a link and
 * without going over a mount.
 *
 * Runs in: workers with the user's rights, carrelctl, keeper.
 * Trusts: nothing in the directory. Source: openat2(2), statx(2).
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/scope.h"

/* May this be a name of a directory: neither "", "." nor "..", without a slash, of at most NAME_MAX bytes? */
bool crl_near_is_name(const char *name);

/*
 * Open @name in the directory @dir. @flags of open(2), O_CLOEXEC is added; @mode of a file that O_CREAT makes, else 0.
 * Returns 0 or -errno: -ELOOP a symbolic link (with O_DIRECTORY -ENOTDIR as well); -EXDEV a mount stands there;
 * -EINVAL no name, see above.
 */
int crl_near_open(int dir, const char *name, int flags, mode_t mode, int *ret_fd) CRL_MUST_CHECK;

/* The state of @name itself, whatever it is. Starts no automount. Errors: as crl_near_open(), but for -ELOOP. */
int crl_near_stat(int dir, const char *name, struct stat *ret) CRL_MUST_CHECK;
