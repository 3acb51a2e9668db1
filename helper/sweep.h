// SPDX-License-Identifier: Apache-2.0
/*
 * Tidy up behind helpers and supervisors that were killed.
 *
 * Runs in: see each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/words.h"
#include "state/rooms/live.h"
#include "state/rooms/record.h"

struct crl_job;
struct crl_options;

/* A sweep on its way, for the parts. */
struct crl_sweeping {
	const char *path; /* of the state directory */
	const char *config;
	struct crl_state state;
	struct crl_live first; /* who was there when it began */
	struct crl_words busy; /* ids whose cgroup could not be removed */
	size_t cgroups; /* how many of each have been swept */
	size_t terminals;
	size_t rooms;
	bool failed; /* a part before: what needs its word is left to the next sweep */
};

/* Of the parts limits, accounting and recording. Errors (stage STATE). */
int crl_sweep_cgroups(struct crl_sweeping *s, struct crl_err *err) CRL_MUST_CHECK;
int crl_sweep_terminals(struct crl_sweeping *s, struct crl_err *err) CRL_MUST_CHECK;
int crl_sweep_records(struct crl_sweeping *s, struct crl_err *err) CRL_MUST_CHECK;

/* In a helper of its own, nobody's child: tidy up now. Returns 0 or -errno, with the first error. */
int crl_sweep(const struct crl_options *options, struct crl_err *err) CRL_MUST_CHECK;

/* In a login's helper: start a process that does, when none has for a minute. */
void crl_sweep_start(const struct crl_job *job);
