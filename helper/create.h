// SPDX-License-Identifier: Apache-2.0
/*
 * A new room: plan its mounts, clone its init into new namespaces, wait until it stands.
 *
 * Runs in: helper (root, host namespaces).
 */
#pragma once

#include "base/err.h"

struct crl_job;
struct crl_kept;

/*
 * Fill in the room, with its init standing and nobody in it; adopt.room and init_channel of the job as well.
 * Errors (any stage from CONFIG to STATE): what was made is then still there: the caller undoes it.
 */
int crl_create_room(struct crl_job *job, struct crl_kept *room, struct crl_err *err) CRL_MUST_CHECK;
