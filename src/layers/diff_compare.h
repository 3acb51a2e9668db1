// SPDX-License-Identifier: Apache-2.0
/*
 * In which way are two objects of one type different?
 *
 * Runs in: see diff.h.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/scope.h"

/* One object: a name in a directory, or, with @name NULL, the directory itself. */
struct crl_compared {
	int dir; /* open for reading */
	const char *name;
	const struct stat *st;
};

/*
 * @exact  read both when they are files of one size
 * @ret    CRL_DIFF_CONTENT … (diff.h), 0: the same. A file that may not be read is what its size and time say.
 * Returns 0 or -errno.
 */
int crl_diff_compare(const struct crl_compared *now, const struct crl_compared *before, bool exact,
		     unsigned int *ret) CRL_MUST_CHECK;
