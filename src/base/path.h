// SPDX-License-Identifier: Apache-2.0
/*
 * Open a path that decides something, and prove on the way that only root could have put it there.
 *
 * Runs in: helper, steward (root), carrelctl.
 * Trusts: what root owns and only root can write, from "/" down. Source: openat(2), path_resolution(7).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum crl_path_kind {
	CRL_PATH_FILE,
	CRL_PATH_DIR,
	CRL_PATH_PROGRAM, /* a file of any size, which is not read but run */
};

/*
 * Open a file or directory for reading.
 *
 * Every component is opened by descriptor and checked. The owner must be root (or, in a process that is not
 * root, the caller: a user may check a draft of their own, it decides nothing). Group and others must not be
 * able to write. A symbolic link is followed when it is root's own and stands in a directory that passes. A
 * directory that everyone may write to passes only when it is sticky: there nobody but root can replace
 * root's next component, which is checked in turn. A file must be regular, with one link, of at most
 * CRL_FILE_MAX bytes (base/file.h).
 *
 * @path    absolute
 * @stage   stage for errors
 * @ret_fd  close-on-exec, non-blocking; the caller reads from it and never opens the path again
 * Errors: -ENOENT, -ENOTDIR, -EACCES … from the kernel; -EPERM owner, mode, kind or links; -EFBIG size;
 * -ELOOP too many links; -ENAMETOOLONG; -EINVAL not absolute.
 */
int crl_path_open_trusted(const char *path, enum crl_path_kind kind, enum crl_stage stage, int *ret_fd,
			  struct crl_err *err) CRL_MUST_CHECK;

/*
 * What is wrong with a path in a policy, or NULL: it has to be absolute, without "//", "." or "..", without a
 * "/" at its end (but for "/" itself), of at most PATH_MAX - 1 bytes.
 */
const char *crl_path_fault(const char *path);

/* True when @path is @dir or beneath it, by their names alone. "/" holds everything. */
bool crl_path_is_within(const char *path, const char *dir);

/*
 * May a tree of the host, by its name, be shown to who is root of a room (user.show)? Not what is the room's own, other
 * people's, or copied in any case. @path  absolute
 */
bool crl_path_may_show(const char *path);
