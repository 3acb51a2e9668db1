// SPDX-License-Identifier: Apache-2.0
/* Which line of a unit says something, by its files. */
#pragma once

#include <stdbool.h>

/* Where an option of a unit stands. */
struct ctl_unit_option {
	char file[256]; /* "" = nowhere */
	int line;
	char value[256];
};

/*
 * The last drop-in, or else the unit's own file, that gives an option a value other than none, no, false, off or 0. Of
 * more than one unit file of a name the first in systemd's order counts, as it does.
 * @root  "" or a fixture's directory
 * Returns whether there is one.
 */
bool ctl_unit_option_find(const char *root, const char *unit, const char *option, struct ctl_unit_option *ret);
