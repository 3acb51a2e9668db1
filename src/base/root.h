// SPDX-License-Identifier: Apache-2.0
/*
 * How root is known, where it is asked whose a file is.
 *
 * Runs in: every product. Root is uid 0 but in a user namespace that the host's root is not part of: there the host's
 * root, as everybody else without a number in it, is the kernel's overflow number, and 0 is the user.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

/* Is it the host's root's, or on a file system that counts as root's? */
bool crl_hostroot_owns(const struct stat *st);

/*
 * From here on the host's root is @uid, and nobody's word counts beside root's: without this, a process that is not
 * root trusts its own user's files as well (path.h). For a process with one thread, before it looks at anything.
 */
void crl_hostroot_is(uid_t uid);

/* What is on that file system counts as root's: one that carrel itself has filled, and nobody else can write. */
void crl_hostroot_adopt(dev_t dev);

/* Has crl_hostroot_is() been called? */
bool crl_hostroot_is_alone(void);
