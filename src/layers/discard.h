// SPDX-License-Identifier: Apache-2.0
/*
 * Take changes out of the upper by path, so that what is below shows again. A renamed directory has two ends: when one
 * of them goes, the other goes as well, and its content is back where it was.
 *
 * Runs in: workers with the user's uid and groups; marks come from their server.
 * Trusts: nothing in the layers. The overlay is not mounted meanwhile.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "layers/view.h"

enum crl_discard_news {
	CRL_DISCARD_DONE,
	CRL_DISCARD_TOO, /* the other end of something renamed */
	CRL_DISCARD_UNCHANGED, /* there is no change by that path */
	CRL_DISCARD_KEPT, /* it could not be: see the second text */
};

struct crl_discard {
	const struct crl_layers *layers; /* the upper, and all that is below; top = 1 */
	int trash; /* directory on the upper's file system, which directories are moved to */
	const char *const *path; /* NULL-ended: "a/b", without a slash at the ends; all that is beneath as well */
	void (*tell)(void *arg, enum crl_discard_news news, const char *path, const char *why); /* @why  or NULL */
	void *arg;
	uint64_t kept; /* so many were told as UNCHANGED or KEPT */
};

/* Can be run again when it ended early. Returns 0 or -errno. */
int crl_discard_run(struct crl_discard *d, struct crl_err *err) CRL_MUST_CHECK;
