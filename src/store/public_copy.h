// SPDX-License-Identifier: Apache-2.0
/*
 * What of the host's files rooms with a root of their own get a copy of: what everybody may read in /etc, the state of
 * the package manager, and empty directories where the host has others.
 *
 * Runs in: helper (root).
 */
#pragma once

#include "base/err.h"
#include "store/public_list.h"

/*
 * Copy it.
 * @root  a clone of the host's root, nowhere attached: tells what is shown as a tree, and not copied
 * @to    an empty directory of the store
 * @ret   what it was made by, as a text for crl_public_parse()
 * Errors (stage MOUNT): -EFBIG there is too much; -EACCES not everybody may read /etc; -errno.
 */
int crl_public_copy(int root, int to, struct crl_public_text *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Is the host still what a copy was made by? */
bool crl_public_is_as_seen(const struct crl_public_list *seen);
