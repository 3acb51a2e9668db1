// SPDX-License-Identifier: Apache-2.0
/*
 * May a person without any power see this? What every one of owner, group and others may read is public; all else is
 * not, and what is not understood is not.
 *
 * Runs in: helper (root). Asks nothing but the attributes of what it is given.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/*
 * Files that all may read, directories that all may list and go through, symbolic links. No device, socket or FIFO.
 * @st  not followed
 */
bool crl_public_is_by_mode(const struct stat *st);

/*
 * Does an access ACL leave everybody what the mode says? One that takes it from some, or is not understood, does not.
 * @acl  as system.posix_acl_access has it
 */
bool crl_public_is_by_acl(const void *acl, size_t len, bool is_dir);

/*
 * Of something that may be seen by its mode: does no attribute take that away again?
 * @path  is not followed; one below /proc/self/fd stands for what is in a directory that is open
 */
bool crl_public_is_by_attributes(const char *path, const struct stat *st);

/* All of it, of a file or directory that is open for reading. @st  of it */
bool crl_public_is_open(int fd, const struct stat *st);
