// SPDX-License-Identifier: Apache-2.0
/* The columns that say which login it is, for list and top, and their cells. */
#pragma once

#include <stdint.h>

struct crl_room_login;
struct ctl;
struct ctl_table;

#define CTL_LOGIN_COLUMNS \
	{"ID", false}, {"ROOM", false}, {"USER", false}, {"POLICY", false}, {"SERVICE", false}, {"FROM", false}, \
		{"TTY", false}, \
	{ \
		"SINCE", false \
	}
void ctl_cells_login(const struct ctl *c, struct ctl_table *t, const char *room, const char *policy,
		     const struct crl_room_login *l);
void ctl_cell_until(const struct ctl *c, struct ctl_table *t, int64_t until); /* 0 = nothing there */
