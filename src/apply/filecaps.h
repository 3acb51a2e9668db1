// SPDX-License-Identifier: Apache-2.0
/*
 * File capabilities, and what a host has to have for a room's ambient ones.
 *
 * Runs in: helper and carrelctl (root), the room's init.
 */
#pragma once

#include <stdint.h>

#include "base/scope.h"

/*
 * Give a file inheritable capabilities, which are effective when it is executed: "=ei" of libcap's text form. Of the
 * kernel's kind without a namespace's root: such a file counts for who is in the first user namespace.
 * @fd    open for writing, not O_PATH
 * @caps  bit = capability number
 * Returns 0 or -errno: -ENOTSUP its file system keeps none, -EPERM CAP_SETFCAP is missing.
 */
int crl_filecaps_set(int fd, uint64_t caps) CRL_MUST_CHECK;

/* Of @caps those that this kernel knows. */
uint64_t crl_filecaps_known(uint64_t caps);

/*
 * Why a room's login could not have these as ambient ones, or NULL: the service was not left them, or a file of a tmpfs
 * cannot have them. As root; nothing stays.
 */
const char *crl_filecaps_lack(uint64_t caps);
