// SPDX-License-Identifier: Apache-2.0
/*
 * What a login could try, by attack vector. Private to assess.c and probe_*.c.
 *
 * A probe answers YES when the thing works for the user, which is to say that the way is open.
 */
#pragma once

#include "ctl/rehearse/rehearsal.h"

/* The eleven vectors by which isolated applications are attacked. */
enum ctl_vector {
	CTL_V_HOST = 1,
	CTL_V_APPLICATION,
	CTL_V_IMAGE,
	CTL_V_BUILD_HOST,
	CTL_V_REPOSITORY,
	CTL_V_PRIVILEGES,
	CTL_V_KERNEL,
	CTL_V_SECRETS,
	CTL_V_NETWORK,
	CTL_V_ESCAPE,
	CTL_V_OTHER,
};

struct ctl_attack {
	enum ctl_vector vector;
	unsigned int weight; /* 1..10: how much it gives; carrelctl(8) says what a number stands for */
	const char *what;
	ctl_probe *probe;
};

/* Ends with an entry without a probe. */
extern const struct ctl_attack ctl_attacks_power[]; /* probe_power.c: calls into the kernel */
extern const struct ctl_attack ctl_attacks_reach[]; /* probe_reach.c: files, processes, network */
extern const struct ctl_attack ctl_attacks_expose[]; /* probe_expose.c: programs, secrets, traces, stores */
extern const struct ctl_attack ctl_attacks_root[]; /* probe_root.c: by root of the room alone */

/* Of these, what is tried once more by root of the room, where there is one. End with NULL. */
extern ctl_probe *const ctl_by_root_power[], *const ctl_by_root_reach[], *const ctl_by_root_expose[];
