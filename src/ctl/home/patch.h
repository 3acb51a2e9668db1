// SPDX-License-Identifier: Apache-2.0
/*
 * What changed in a text file, as a unified diff by diff(1).
 *
 * Runs in: the worker, as the user. diff(1) gets two descriptors and no name of the user's.
 */
#pragma once

#include <stdint.h>

#include "base/scope.h"

struct crl_diff_change;
struct ctl_worker;

/*
 * Send a change as text in the form that patch(1) and git-apply(1) take: hunks of files that are text, one line for
 * whatever cannot be told so. Names with other than plain characters are quoted as git does it.
 * @record  kind of the records; each is a piece of the text
 * Returns 0 or -errno.
 */
int ctl_patch_send(struct ctl_worker *w, uint32_t record, const struct crl_diff_change *change) CRL_MUST_CHECK;
