// SPDX-License-Identifier: Apache-2.0
/*
 * What is being learned: one small file a policy, STATE/learn/POLICY.on, which each opening of a room looks for.
 *
 *   carrel-learning 1
 *   boot=ID          of the boot in which it began: with another it is over
 *   begun=MS         CLOCK_BOOTTIME
 *   until=MS
 *   wall=SECONDS     when that is by the clock on the wall, to be shown only
 *   user=NAME        whose rooms alone, as a field; "-" = everybody's
 *
 * So neither a clock that is set nor a reboot prolongs it, and nobody has to be there to end it. What was seen is
 * kept elsewhere, see tally.h.
 *
 * Runs in: helper (root), listener in its sandbox, carrelctl. Trusts: nobody but root can write below STATE.
 *  R1  What is no whole record of ours, or not of this boot, or over: nothing is learned.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/scope.h"
#include "base/text.h"
#include "state/trial/trial.h"
#include "wire/proto.h"

#define CRL_LEARNING_MAX_S (30 * 86400ull)

struct crl_learning {
	char boot[CRL_BOOT_ID_MAX];
	uint64_t begun_ms;
	uint64_t until_ms;
	int64_t until_wall;
	char user[CRL_VISIBLE_MAX(CRL_USER_MAX)]; /* as a field; "-" = all */
};

/* Returns 0 or -EBADMSG (R1). @text  @len bytes and a NUL */
int crl_learning_parse(const char *text, size_t len, struct crl_learning *ret) CRL_MUST_CHECK;

/* Pure. R1 @user  NULL = whoever's */
bool crl_learning_is_on(const struct crl_learning *l, const struct crl_trial_now *now, const char *user);

/* Returns 0; -ENOENT; -EBADMSG; -errno. @dir  of crl_learn_open() */
int crl_learning_read(int dir, const char *policy, struct crl_learning *ret) CRL_MUST_CHECK;

/* Is that policy being learned from that user? One open(2) where it is not. @state_dir  STATE */
bool crl_learning_wants(int state_dir, const char *policy, const char *user);

/* The same for whoever has the directory open. */
bool crl_learning_goes_on(int dir, const char *policy);

/* Begin, or go on for that long from now. @user  NULL = everybody. Returns 0 or -errno. */
int crl_learning_begin(int dir, const char *policy, const char *user, uint64_t duration_s) CRL_MUST_CHECK;

/* Returns 1, 0 when there was none, or -errno. */
int crl_learning_end(int dir, const char *policy) CRL_MUST_CHECK;
