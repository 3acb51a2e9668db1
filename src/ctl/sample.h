// SPDX-License-Identifier: Apache-2.0
/*
 * Somebody to try a login with: a user of this host who fits.
 *
 * Runs in: carrelctl; asks the name service.
 */
#pragma once

#include "ctl/ctl.h"
#include "policy/match.h"

/* @l  with groups, service and the rest as carrelctl explain has them. */
typedef bool ctl_fits(void *arg, const struct crl_login *l);

/*
 * Find a user that fits: the one that --user names and no other; else who called sudo, else the first person of the
 * name service's list (uid 1000 to 59999, with a home of their own and a shell that is one). Exempt users never do.
 * Returns false when there is none.
 */
bool ctl_sample_user(const struct ctl *c, ctl_fits *fits, void *arg, struct crl_login *ret);

/* Can somebody with that shell work at a prompt? */
bool ctl_is_shell(const char *shell);
