// SPDX-License-Identifier: Apache-2.0
/*
 * What keeps a file in the project whose quota holds it: its owner may not change the project's id, nor what makes
 * new files inherit it. Reading both stays.
 *
 *  R1  Every way to either is refused, at each of the three doors of x86-64 and whatever the policy allows.
 *
 * The answers are those of a file system, and a kernel, that have no such attributes. Behind a user namespace the
 * kernel refuses by itself.
 *
 * Runs in: helper, carrelctl. Pure. Source: ioctl_iflags(2), ioctl_xfs_fsgetxattr(2), file_setattr(2), fs/file_attr.c
 * and fs/overlayfs/inode.c of the kernel.
 */
#pragma once

#include "plan/filter/arch.h"
#include "plan/filter/filter.h"
#include "plan/filter/guard.h"

/* Rules of the guard of ioctl(), which was begun last, that refuse to change attributes of files. */
void crl_hold_requests(struct crl_guards *guards);

/* The guard of the one call that does the same. */
void crl_hold_call(struct crl_guards *guards);

/* The whole of a filter that refuses this and nothing else, for who has none by their policy. Errors: the writer's. */
int crl_hold_write(const struct crl_arch *arch, struct crl_filter *ret, struct crl_err *err) CRL_MUST_CHECK;
