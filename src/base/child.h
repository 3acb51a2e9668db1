// SPDX-License-Identifier: Apache-2.0
/*
 * A child whose end is waited for, but not for ever: what it works on may be a dead server's, or a user's.
 *
 * Runs in: helper, carrelctl. Not in the module: there no child of ours may be the application's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/scope.h"

#define CRL_CHILD_DEATH_MS 1000 /* what is killed is gone by then, or is waited for by nobody */

/*
 * Wait for its end, and leave it as it is when there is none.
 * @deadline_ms  as crl_now_ms() counts
 * @ret_status   of waitpid(2), when 0 is returned
 * Returns 0; -ETIMEDOUT it lives; -errno it is no child of ours.
 */
int crl_child_within(pid_t pid, int64_t deadline_ms, int *ret_status) CRL_MUST_CHECK;

/* The same, but who lives then is killed, and left behind when even that does not end it. */
int crl_child_await(pid_t pid, int64_t deadline_ms, int *ret_status) CRL_MUST_CHECK;

/* Of one whose exit status is an errno. Returns 0, that, negative, -EIO (a signal ended it), -ETIMEDOUT. */
int crl_child_answer(pid_t pid, int64_t deadline_ms) CRL_MUST_CHECK;

/* In a child: is killed when @parent ends. False: that cannot be had, or @parent has ended. Source: prctl(2). */
bool crl_child_ends_with(pid_t parent) CRL_MUST_CHECK;

/* Kill it, and wait for it as long as that takes with one that can be killed. None (@pid not positive) is no error. */
void crl_child_end(pid_t pid);
