// SPDX-License-Identifier: Apache-2.0
/*
 * What supervisor and init may still open by name when their room stands; all else, and all power, is given up here.
 */
#pragma once

#include "base/err.h"

struct crl_janitor;
struct crl_kept;

/*
 * In the helper, at the moment it becomes the supervisor. @room: all that it holds is open already, and its state is
 * its own. Errors (stage HELPER).
 */
int crl_confine_room(struct crl_kept *room, struct crl_err *err) CRL_MUST_CHECK;

/* In init, before it gives up its power. */
int crl_confine_init(const struct crl_janitor *j, struct crl_err *err) CRL_MUST_CHECK;
