// SPDX-License-Identifier: Apache-2.0
/*
 * A place for a login in a room that stands already.
 *
 * Runs in: helper (root, host namespaces), holding the room's lock.
 */
#pragma once

#include "base/err.h"

struct crl_job;

/*
 * Returns 0 when the login is in; -ENOENT when no room of that name lives (stale files are gone then); other -errno
 * as recorded in @err.
 */
int crl_join_room(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
