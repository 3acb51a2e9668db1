// SPDX-License-Identifier: Apache-2.0
/*
 * What has come to pass on this host since it booted, in numbers: STATE/score.1, for carrelctl metrics and status.
 *
 * One file of fixed size, changed in place under its lock by whoever has something to count: helpers, supervisors in
 * their sandbox (which hold it open), listeners, the sweep. Another layout has another number in its name, so that
 * supervisors of before an upgrade count on in theirs.
 *
 * Runs in: helper, supervisor, listener, carrelctl (reads); root.
 * R1: nobody waits for the lock for long: who holds it may be stopped. Then the event is not counted.
 * R2: it is bounded, whatever policies and services there are: what has no row of its own counts as "other".
 * R3: what is no such file of root's alone, or not of this form, tells nothing, and is begun anew.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/login.h"
#include "wire/proto.h"

#define CRL_SCORE_FILE "score.1"
#define CRL_SCORE_ROWS 48
#define CRL_SCORE_CODES 32 /* enum crl_stage has fewer */
#define CRL_SCORE_CAUSES 24 /* enum crl_why_cause has fewer */
#define CRL_SCORE_RECENT 12 /* spans of an hour */
#define CRL_SCORE_SPAN_S 300
#define CRL_SCORE_BUCKETS 12 /* the last has no upper end */
#define CRL_SCORE_OTHER "other"

/* Upper ends of the buckets of times, in microseconds, all but the last. */
extern const uint64_t crl_score_bucket_us[CRL_SCORE_BUCKETS - 1];

/* Logins of one policy by one service. */
struct crl_score_row {
	char policy[CRL_POLICY_NAME_MAX];
	char service[CRL_SERVICE_MAX]; /* visible; "" = the row is free */
	uint64_t opened;
	uint64_t closed;
	uint64_t rooms; /* of those opened, that made the room */
	uint64_t seconds; /* of those closed, together */
	uint64_t cpu_us;
};

struct crl_score_times {
	uint64_t bucket[CRL_SCORE_BUCKETS]; /* not summed up */
	uint64_t sum_us;
};

struct crl_score {
	char magic[16];
	int64_t since; /* CLOCK_REALTIME seconds */
	uint64_t refused[CRL_SCORE_CODES]; /* by enum crl_stage */
	struct {
		uint32_t span; /* CLOCK_REALTIME seconds / CRL_SCORE_SPAN_S */
		uint32_t count;
	} recent[CRL_SCORE_CODES][CRL_SCORE_RECENT];
	uint64_t why[CRL_SCORE_CAUSES]; /* events, by enum crl_why_cause */
	uint64_t calls; /* refused system calls */
	uint64_t sweeps;
	uint64_t sweeps_failed;
	uint64_t swept_rooms;
	int64_t swept; /* CLOCK_REALTIME seconds: the last one; less than 0: of one that failed */
	struct crl_score_times open[2]; /* until the login was in: a room that stood, a new one */
	struct crl_score_row row[CRL_SCORE_ROWS];
};

/*
 * Open it for counting, and make it. Returns 0; -EBADMSG it is no file of root's alone; -errno.
 * @state_dir  STATE, opened
 */
int crl_score_open(int state_dir, int *ret_fd) CRL_MUST_CHECK;

/* Read it. Returns 0; -ENOENT nothing was counted yet; -EBADMSG R3; -errno: then all of @ret is 0. */
int crl_score_read(int state_dir, struct crl_score *ret) CRL_MUST_CHECK;

/* ---- to count, each time one event. A @fd that is negative counts nothing -------------------------------------- */

struct crl_score_login {
	const char *policy;
	const char *service;
	uint64_t us; /* opened: until it was in. closed: its time on the processor */
	uint64_t seconds; /* closed: it lasted */
	bool made; /* opened: its room was made for it */
};
void crl_score_opened(int fd, const struct crl_score_login *l);
void crl_score_closed(int fd, const struct crl_score_login *l);
void crl_score_refused(int fd, uint32_t stage);

/* @calls  refused system calls among what it met */
void crl_score_why(int fd, uint32_t cause, uint64_t calls);
void crl_score_swept(int fd, uint64_t rooms, bool failed);

/* ---- to look --------------------------------------------------------------------------------------------------- */

/* How many were refused with that code in the last hour, to five minutes. @now  CLOCK_REALTIME seconds */
uint64_t crl_score_recent(const struct crl_score *s, uint32_t stage, int64_t now);
