// SPDX-License-Identifier: Apache-2.0
/*
 * A question to a small program that stands beside this one: its arguments and standard input are what is asked, its
 * exit status is the answer, an errno, and its standard error says more.
 *
 * Runs in: helper, steward; root, host namespaces.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/scope.h"

#define CRL_QUESTION_TEXT 256

/* What has been asked and is not answered yet. */
struct crl_question {
	pid_t pid; /* of the program, 0 = nothing is asked */
	int pidfd;
	int answer;
};

/*
 * Start it.
 * @path   of crl_beside()
 * @argv   NULL-ended
 * @input  its standard input; negative = it has none
 * Returns 0 or -errno: it does not run.
 */
int crl_question_begin(const char *path, char *const *argv, int input, struct crl_question *ret) CRL_MUST_CHECK;

/*
 * Wait for its end.
 * @deadline_ms  as crl_now_ms() counts; then it is killed and the answer is -ETIMEDOUT
 * @said  the first line of what it said, or ""
 * Returns 0 or the answer, negative.
 */
int crl_question_await(struct crl_question *q, int64_t deadline_ms, char said[CRL_QUESTION_TEXT]) CRL_MUST_CHECK;

/* Withdraw it, within a second: one that cannot be killed is left behind. Nothing asked is no error. */
void crl_question_done(struct crl_question *q);
