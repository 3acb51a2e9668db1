// SPDX-License-Identifier: Apache-2.0
/* Upper and layers made one, and what lies below them kept for snapshots. */
#pragma once

#include "ctl/command.h"

struct ctl_kept;

/*
 * Make one layer of all that is above the lower, under an empty upper. Where no snapshot names them, the old ones are
 * in the trash then. What is wrong has been said.
 */
enum ctl_exit ctl_flat_make(const struct ctl *c, struct ctl_kept *k);

/*
 * Make one of neighbouring layers that nothing tells apart, as a dropped snapshot leaves them. The old ones are in the
 * trash then.
 */
enum ctl_exit ctl_flat_thin(const struct ctl *c, struct ctl_kept *k);

/*
 * Before a commit: what snapshots show of the home becomes a layer of theirs, so that they show it afterwards as well.
 * @path  of the commit, NULL-ended; NULL = all. Where there are no snapshots nothing is done.
 */
enum ctl_exit ctl_flat_below(const struct ctl *c, struct ctl_kept *k, const char *const *path);
