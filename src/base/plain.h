// SPDX-License-Identifier: Apache-2.0
/*
 * Open a path beneath a directory descriptor without following a single link: openat2(2), or, where a filter of the
 * service takes that call away (systemd's RestrictSUIDSGID= does), the same by one step for each component.
 *
 * Runs in: every product, the PAM module included; no allocation.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/scope.h"

/*
 * @root   a directory; nothing outside of it is reached
 * @path   leading slashes are the directory itself
 * @flags  of open(2); O_CLOEXEC is added, an O_NOFOLLOW is not needed
 * @mode   of a file that O_CREAT makes, else 0
 * Returns 0 or -errno: a link anywhere, the last component included, is -ELOOP, also with O_PATH; ".." that leaves
 * @root is -EXDEV.
 */
int crl_plain_open(int root, const char *path, uint64_t flags, mode_t mode, int *ret_fd) CRL_MUST_CHECK;

/* Where there is no openat2(2), and the way that is tested: any ".." is -EXDEV. Otherwise the same. */
int crl_plain_walk(int root, const char *path, uint64_t flags, mode_t mode, int *ret_fd) CRL_MUST_CHECK;
