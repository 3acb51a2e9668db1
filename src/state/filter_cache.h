// SPDX-License-Identifier: Apache-2.0
/*
 * Compiled filters kept under the state directory: libseccomp works once per policy text, not per login.
 *
 * Runs in: helper, carrelctl. Trusts: files in its own 0700 root-owned directory, when they carry the whole key.
 */
#pragma once

#include "base/err.h"

struct crl_filter;

#define CRL_FILTER_NAME_MAX 32 /* of an entry, with NUL */

/* The name of a key's entry. */
void crl_filter_cache_name(const char *key, char name[CRL_FILTER_NAME_MAX]);

/*
 * Read an entry by its name, whatever its key.
 * Returns 0; -ENOENT when it is not there or is not whole; -EINVAL a name that no entry has.
 */
int crl_filter_cache_load(int dirfd, const char *name, struct crl_filter *ret) CRL_MUST_CHECK;

/*
 * Look a filter up.
 * @dirfd  the cache directory
 * @key    text from crl_filter_key(); compared whole, so a digest collision is a miss
 * @ret    its len is 0 after a miss
 * Returns 0; -ENOENT when it is not there or is not whole (a damaged entry is a miss, never an error).
 */
int crl_filter_cache_get(int dirfd, const char *key, struct crl_filter *ret) CRL_MUST_CHECK;

/*
 * Store a filter: written beside, put in place by rename. A full directory is emptied first.
 * Returns 0; -EINVAL for a filter or key that cannot be kept; another -errno (stage STATE).
 */
int crl_filter_cache_put(int dirfd, const char *key, const struct crl_filter *f, struct crl_err *err) CRL_MUST_CHECK;

/* Remove what was never put in place, of processes that are gone. */
void crl_filter_cache_sweep(int dirfd);
