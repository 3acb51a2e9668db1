// SPDX-License-Identifier: Apache-2.0
/*
 * Remove a tree, however deep and whatever its modes are. No link is followed and no mount is gone into; what cannot be
 * removed (immutable, mounted, not the caller's) is told and left, and everything else goes. Can be run again.
 *
 * Runs in: workers with the user's rights, carrelctl, keeper.
 * Trusts: nothing in the tree; it may be changed meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/scope.h"

struct crl_remove {
	bool (*stop)(
		void *arg); /* asked for each directory and every few names; true ends it with -EINTR. NULL: never */
	void (*left)(void *arg, const char *path, int rc); /* could not be removed; @path from @name on. NULL: untold */
	void *arg; /* of both */
	uint64_t removed; /* names that are gone; counted on */
};

/*
 * Remove @name, file or directory with all that is in it, from the directory @dir. What is not there is no error.
 * Returns 0; -ENOTEMPTY something was left, or came meanwhile; -EINTR; -errno the first that nothing could be done
 * about.
 */
int crl_remove_tree(int dir, const char *name, struct crl_remove *r) CRL_MUST_CHECK;

/* Let its owner read and change a directory again who took that right from themselves. Returns 0 or -errno. */
int crl_remove_open_up(int dir, const char *name) CRL_MUST_CHECK;
