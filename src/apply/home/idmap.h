// SPDX-License-Identifier: Apache-2.0
/*
 * Files of root's that are the user's in a mount of their own.
 *
 * Runs in: the room's init, root, single-threaded, while the host's /proc is in reach; carrelctl, which asks whether it
 * could.
 */
#pragma once

#include <stdint.h>

#include "base/scope.h"

/*
 * Make the map for an idmapped mount: what root owns on disk, that user owns; whatever is the user's on disk is
 * nobody's; all else stays. To be called before another root is mounted over "/": EPERM afterwards.
 * @ret_fd  a user namespace without a process, for MOUNT_ATTR_IDMAP
 * Returns 0 or -errno: -ENOSPC no more user namespaces (user.max_user_namespaces).
 * Source: mount_setattr(2), user_namespaces(7).
 */
int crl_idmap_open(uint32_t uid, uint32_t gid, int *ret_fd) CRL_MUST_CHECK;

/* Lay such a map over a mount that is nowhere attached. -EINVAL: its file system has no such mounts. */
int crl_idmap_apply(int mount, int map) CRL_MUST_CHECK;

/* Could it be done for a directory? Changes nothing. Returns 0 or -errno of the steps above. */
int crl_idmap_try(int dir) CRL_MUST_CHECK;
