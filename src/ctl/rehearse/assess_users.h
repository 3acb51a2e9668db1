// SPDX-License-Identifier: Apache-2.0
/* The rows of assess about a room's user namespace and the last stage that the host decides; found out from outside. */
#pragma once

#include "ctl/rehearse/rehearsal.h"

/* Both NOT_HERE for a policy that has no user namespace, or no last stage. */

/* Have processes and files with the numbers of other people, in the range that the room's root has. */
#define CTL_ATTACK_IDS "have numbers of other people (user namespace)"
#define CTL_ATTACK_IDS_WEIGHT 6
enum ctl_answer ctl_attack_ids(const struct ctl *c, const char *policy, const struct ctl_person *who, char *detail);

/* Log in without what carrel-shell does. What it does is no fence: the room holds. */
#define CTL_ATTACK_PAST "come past the last stage (carrel-shell)"
#define CTL_ATTACK_PAST_WEIGHT 2
enum ctl_answer ctl_attack_past(const struct ctl *c, const char *policy, const struct ctl_person *who, char *detail);
