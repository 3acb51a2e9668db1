// SPDX-License-Identifier: Apache-2.0
/*
 * How much a tree takes.
 *
 * Runs in: the worker, as the user.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/scope.h"

struct ctl_measure {
	uint64_t bytes; /* on the disk */
	uint64_t inodes;
	uint64_t unread; /* directories that could not be looked into */
};

/*
 * Add up a tree. A file with several names is shared among them, so that each counts its part.
 * @dir   the tree, open for reading; no link and no mount in it is followed
 * @stop  asked for each name; true ends it. NULL: never. @arg is its argument
 * Returns 0; -EINTR; -EMFILE it is too deep; -ENOMEM.
 */
int ctl_measure_tree(int dir, bool (*stop)(void *arg), void *arg, struct ctl_measure *ret) CRL_MUST_CHECK;
