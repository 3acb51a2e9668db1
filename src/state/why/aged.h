// SPDX-License-Identifier: Apache-2.0
/*
 * Files of a directory that nobody has changed for a while.
 *
 * Runs in: helper (the sweep).
 */
#pragma once

#include <stdbool.h>

/*
 * Remove from directory @dir what was last changed more than @days ago; of files that were never renamed to their
 * name what is older than a minute, or a minute ahead, since the clock was wrong once. Names with a leading dot stay.
 * @is_whole  has the file the name that it gets when it is written?
 */
void crl_aged_drop(int dir, bool (*is_whole)(const char *name), unsigned int days);
