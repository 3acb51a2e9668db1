// SPDX-License-Identifier: Apache-2.0
/* A way out that is the host's doing, not the room's; found out from outside. */
#pragma once

#include <stdint.h>

#include "ctl/rehearse/rehearsal.h"

/* Have units of the home run outside by the service manager that systemd starts for the user. */
#define CTL_ATTACK_MANAGER "have the host's service manager run files of the home"
#define CTL_ATTACK_MANAGER_WEIGHT 10
enum ctl_answer ctl_attack_manager(const struct ctl *c, const char *policy, uint32_t uid, char *detail);
