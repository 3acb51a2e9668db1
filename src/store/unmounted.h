// SPDX-License-Identifier: Apache-2.0
/*
 * A place where nothing is: was nothing ever made there, or is what it lies on not mounted? A store that is not mounted
 * looks like one that was never made.
 *
 * Runs in: helper, carrelctl (root). Source: fstab(5), statx(2).
 */
#pragma once

#include "base/err.h"

/*
 * Prove that something can be made at a place without lying beneath a mount that is to come.
 * @fstab  "/etc/fstab"; one that is not there, or cannot be read, names no mounts
 * @path   absolute; may be there
 * Errors (stage HOME): -ENODEV what @fstab has at or above it is not mounted, its parent is not there, or it is a link
 * that leads nowhere.
 */
int crl_unmounted_refuse(const char *fstab, const char *path, struct crl_err *err) CRL_MUST_CHECK;
