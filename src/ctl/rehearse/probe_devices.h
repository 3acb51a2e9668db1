// SPDX-License-Identifier: Apache-2.0
/* Probes: devices of the host's that the room has. */
#pragma once

#include "ctl/rehearse/rehearsal.h"

struct crl_policy;

/* For rehearse: YES with their names and what the user may do with them. */
enum ctl_answer ctl_try_devices(const struct ctl_scene *s, char *detail);

/* For assess: YES with the first one that is there, whoever may open it. */
enum ctl_answer ctl_see_devices(const struct ctl_scene *s, char *detail);

/* Does a policy name any? Does this host have one of those now? */
bool ctl_names_devices(const struct crl_policy *p);
bool ctl_gives_devices(const struct crl_policy *p, const struct ctl_person *who);
