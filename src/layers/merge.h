// SPDX-License-Identifier: Apache-2.0
/*
 * Make one layer of neighbouring ones, by hard links: what an overlay shows stays the same when it takes their place.
 * Nothing of them is changed, so that a run that ends early leaves nothing but a directory to be thrown away.
 *
 * Runs in: workers with the user's uid and groups; marks come from their server.
 * Trusts: nothing in the layers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "layers/view.h"

struct crl_merge {
	const struct crl_layers *layers; /* the first layers->top become one. Behind them is all that is below; where
					  * nothing is, the merged layer is the last, and needs no whiteouts */
	int into; /* an empty directory on their file system. What is merged shares files with the layers, so that it
		   * may be an upper only when they go */
	bool (*stop)(void *arg); /* asked for each name: true ends it with -EINTR. NULL: never */
	void *arg;
	uint64_t names; /* so many were made */
};

/* Returns 0 when all is on the disk; -EINTR; -EACCES a directory that its owner may not read; -errno. */
int crl_merge_run(struct crl_merge *m, struct crl_err *err) CRL_MUST_CHECK;
