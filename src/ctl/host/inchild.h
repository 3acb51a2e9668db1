// SPDX-License-Identifier: Apache-2.0
/*
 * A question that is asked in a process of its own: it may hang or die, and takes nothing of carrelctl with it.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

/* Fills @answer; runs in the child, whose end is its return. */
typedef void ctl_question(const void *arg, void *answer);

/*
 * @answer   @size bytes, shared with the child: what it had written is there also when it did not come to its end
 * Returns 0; -ETIMEDOUT it was ended after @timeout_ms, or left behind when nothing ends it; -ECHILD it died; -errno it
 * could not be started.
 */
int ctl_ask_child(ctl_question *ask, const void *arg, void **answer, size_t size, int timeout_ms) CRL_MUST_CHECK;
void ctl_answer_done(void *answer, size_t size);
