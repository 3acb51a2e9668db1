// SPDX-License-Identifier: Apache-2.0
/*
 * What is known of a host at one time, for carrelctl status and metrics: configuration, rooms, counts, store.
 *
 * Reads only, and waits for nobody: what cannot be read is told as such, and the rest is there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "state/drain.h"
#include "state/rooms/rooms.h"
#include "state/score.h"
#include "state/trial/trial.h"
#include "store/entry.h"

struct crl_config;
struct ctl;

#define CTL_FULLEST_MAX 50
#define CTL_NEAR_PART 10 /* less than this part left of a limit is worth a look */

/* An entry of the store that counts for its limit. */
struct ctl_seen_entry {
	char user[CRL_OWNER_NAME_MAX]; /* as its record has the name */
	char kept[CRL_ENTRY_NAME_MAX]; /* "home", or the name of a root's base */
	uint64_t used; /* bytes */
	uint64_t limit;
};

struct ctl_seen_store {
	char path[4096]; /* "" = the configuration cannot be read */
	int error; /* -ENOENT = nothing was ever kept; other -errno */
	struct crl_err why; /* then */
	uint64_t bytes; /* of its file system */
	uint64_t bytes_free;
	uint64_t homes;
	uint64_t roots;
	uint64_t orphans;
	uint64_t images;
	uint64_t promised; /* bytes: limits of entries, together */
	uint64_t home_bytes; /* used, of those that count it */
	uint64_t root_bytes;
	uint64_t near; /* entries with less than a tenth of their limit left */
	struct ctl_seen_entry fullest[CTL_FULLEST_MAX]; /* the fullest first */
	size_t fullest_len;
};

struct ctl_seen {
	int64_t now; /* CLOCK_REALTIME seconds */
	struct crl_config *config; /* that counts; NULL = it cannot be read */
	struct crl_err config_err;
	struct crl_in_force in_force;
	int64_t config_since; /* CLOCK_REALTIME seconds: its youngest file was changed; 0 = not known */
	size_t policies;
	bool off; /* carrel is switched off */
	enum crl_drain_state drain;
	struct crl_rooms rooms;
	struct crl_err state_err; /* why every login is refused; code 0 = the state directory is in order */
	bool state_missing; /* the directory is not there */
	int rooms_error; /* 0 or -errno: then there are none in here */
	size_t logins;
	size_t empty; /* rooms that stand, and nobody is logged in */
	size_t stale;
	size_t users; /* that have a room */
	struct crl_score score;
	int score_error; /* -ENOENT = nothing was counted yet */
	struct ctl_seen_store store;
	int helper_error; /* it does not tell its version: it is not there, or does not run */
	char helper_version[64];
};

/* @ret  large; to be given back by ctl_seen_done() */
void ctl_seen_read(const struct ctl *c, struct ctl_seen *ret);
void ctl_seen_done(struct ctl_seen *s);
