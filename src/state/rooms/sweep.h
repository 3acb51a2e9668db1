// SPDX-License-Identifier: Apache-2.0
/*
 * Remove the files below STATE/rooms that no living room has.
 *
 * Runs in: helper (root), in the process of the sweep.
 */
#pragma once

#include <stdbool.h>

#include "state/rooms/live.h"
#include "state/rooms/record.h"

/* Is something of that login left that could not be removed, so that what names it has to stay? */
typedef bool crl_sweep_keeps(void *arg, const char *id);

/*
 * Go through all names and remove the records, sockets, locks and half-written files of those who are dead.
 * @live   as crl_live_read() said, to pass over the living; each other name is looked at again under its lock
 * @keeps  whose record stays, for the next time
 * Returns how many rooms were removed, or -errno.
 */
int crl_state_sweep(const struct crl_state *s, const struct crl_live *live, crl_sweep_keeps *keeps,
		    void *arg) CRL_MUST_CHECK;
