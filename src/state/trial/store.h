// SPDX-License-Identifier: Apache-2.0
/*
 * Begin, confirm and end a trial of a configuration; see trial.h for what is where.
 *
 * R1: a trial appears and disappears whole, by one rename.
 * R2: nothing of the configuration is touched before the record says "confirmed". From then on the candidate counts
 *     until the last of it is in place, however often that has to be begun again: whoever is killed, or loses power,
 *     at any step leaves one of the two in force, complete.
 * R3: nobody but root keeps others from it: what is locked is a file that root alone can open, since whoever can read a
 *     directory can lock it.
 *
 *   DIR/before-trial/  what the last confirmed trial replaced
 *   DIR/.trial-*       work in progress, and the lock; removed when it is left over
 *
 * Runs in: carrelctl (root).
 * Trusts: candidates as configurations: root's alone, by crl_path_open_trusted().
 */
#pragma once

#include "state/trial/trial.h"

#define CRL_TRIAL_BACKUP "before-trial"

/* The directory of a configuration, locked: one who changes trials at a time. */
struct crl_trial_store {
	const char *config;
	const char *file; /* its last component */
	int dir;
	int lock; /* R3 */
};

#define CRL_TRIAL_STORE_INIT \
	{ \
		.dir = -EBADF, .lock = -EBADF \
	}

/*
 * @config  has to outlive it
 * Errors (stage CONFIG): -EWOULDBLOCK somebody else is at it; -EPERM, -ENOENT … of the directory.
 */
int crl_trial_store_open(const char *config, struct crl_trial_store *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_trial_store_done(struct crl_trial_store *s);

/*
 * Copy a candidate to where it can be checked. Replaces what an earlier call left.
 * @file     of the candidate; @dropins  directory, need not be there
 * @ret_path the copy's path, PATH_MAX bytes
 */
int crl_trial_stage(const struct crl_trial_store *s, const char *file, const char *dropins, char *ret_path,
		    struct crl_err *err) CRL_MUST_CHECK;

/* Forget what was staged, and what killed commands left. */
void crl_trial_tidy(const struct crl_trial_store *s);

/*
 * R1: what was staged counts from here on, for @duration_ms. @by  visible ASCII without spaces
 * @ret  the record
 * Errors: -EEXIST there is a trial, or something else of its name.
 */
int crl_trial_begin(const struct crl_trial_store *s, uint64_t duration_ms, const char *by, struct crl_trial *ret,
		    struct crl_err *err) CRL_MUST_CHECK;

/*
 * R2: make the candidate of a running trial the configuration. Also goes on with what was interrupted.
 * Errors: -ETIMEDOUT the trial is over; others as the file system has them. Called again it goes on.
 */
int crl_trial_confirm(const struct crl_trial_store *s, const struct crl_trial *t, struct crl_err *err) CRL_MUST_CHECK;

/* R1: end a trial, or remove what is left of one. */
int crl_trial_end(const struct crl_trial_store *s, struct crl_err *err) CRL_MUST_CHECK;
