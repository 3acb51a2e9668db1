// SPDX-License-Identifier: Apache-2.0
/*
 * Names that anybody can have said, of sockets.
 *
 * Runs in: the room's init; a child of carrel-steward.
 */
#pragma once

#include "base/scope.h"

/*
 * Find a path in the kernel's cache alone, beneath @root as if that were "/": no file system is asked.
 * @ret_fd  O_PATH, close-on-exec
 * Errors: -EAGAIN it is not in the cache; -ENOENT and others of the kernel.
 */
int crl_find_cached(int root, const char *path, int *ret_fd) CRL_MUST_CHECK;
