// SPDX-License-Identifier: Apache-2.0
/*
 * Find a path beneath a directory descriptor without being led astray by links that users make.
 *
 * Runs in: the room's init, root (or root with a user's fsuid); a child of carrel-steward.
 * Source: openat2(2), path_resolution(7).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/scope.h"

/*
 * Open @path (a leading "/" is the directory itself) as an O_PATH descriptor, whatever kind of file it is.
 * @root    a directory; nothing outside it is reached, ".." at it stays there
 * @follow  false: a symbolic link anywhere is -ELOOP. true: a link is followed when root owns it and it
 * stands in a directory that only root can write, an absolute one from @root; any other is -ELOOP Blocks on
 * no FIFO or device and starts no automount at the last component. @ret_fd is close-on-exec. Errors: -ENOENT,
 * -ENOTDIR, -EACCES … of the kernel; -ELOOP; -ENAMETOOLONG.
 */
int crl_beneath_find(int root, const char *path, bool follow, int *ret_fd) CRL_MUST_CHECK;

/* The same for a directory: an automount at the last component is started. Anything else is -ENOTDIR. */
int crl_beneath_find_dir(int root, const char *path, bool follow, int *ret_fd) CRL_MUST_CHECK;

/*
 * As crl_beneath_find() with @follow, for a name that anybody may have chosen: never through one of the directories
 * @far, where a look-up may not end. Errors: -EXDEV it leads there.
 * @far  absolute paths in @root
 */
int crl_beneath_find_near(int root, const char *path, const char *const *far, size_t far_len,
			  int *ret_fd) CRL_MUST_CHECK;

/*
 * Rename what is at a name to another one beside it, NAME.carrel-N, where those who own it find it.
 * Errors: -EEXIST there is no such name left; renameat2(2).
 */
int crl_beneath_put_aside(int dir, const char *name) CRL_MUST_CHECK;

/* Open one file beneath @root with open(2) flags @flags; links are -ELOOP. */
int crl_beneath_open(int root, const char *path, int flags, mode_t mode, int *ret_fd) CRL_MUST_CHECK;
