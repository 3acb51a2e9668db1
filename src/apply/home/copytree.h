// SPDX-License-Identifier: Apache-2.0
/*
 * Copy a directory's contents by descriptors, following nothing.
 *
 * Runs in: the room's init, root. Trusts: the source's directory only (root's); copies files, directories and
 * links.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

#define CRL_TREE_DEPTH_MAX 16
#define CRL_TREE_ENTRIES_MAX 4096
#define CRL_TREE_BYTES_MAX (64u << 20)

/*
 * Copy what is in @from into @to.
 * @from  directory open for reading; @to an empty directory, open
 * @uid, @gid  owner of everything copied; set-id and sticky bits are dropped
 * Errors (stage HOME): -EINVAL an entry of another kind; -E2BIG over a limit above; others as the kernel has
 * them.
 */
int crl_copy_tree(int from, int to, uid_t uid, gid_t gid, struct crl_err *err) CRL_MUST_CHECK;
