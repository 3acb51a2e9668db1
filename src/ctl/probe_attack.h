// SPDX-License-Identifier: Apache-2.0
/*
 * What a login could try, by attack vector. Private to assess.c and probe_*.c.
 *
 * A probe answers YES when the thing works for the user, which is to say that the way is open.
 */
#pragma once

#include "ctl/rehearsal.h"

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

/* assess_manager.c: have units of the home run outside by the service manager that systemd starts for the user. */
#define CTL_ATTACK_MANAGER "have the host's service manager run files of the home"
#define CTL_ATTACK_MANAGER_WEIGHT 10
enum ctl_answer ctl_attack_manager(const struct ctl *c, const char *policy, uint32_t uid, char *detail);
