// SPDX-License-Identifier: Apache-2.0
/*
 * From the request to what this login gets: rule, policy, the sets that the module adopts.
 *
 * Runs in: helper (root). Changes nothing on the host.
 */
#pragma once

#include "base/err.h"

struct crl_job;

/*
 * Fill in config, rule, policy, room_name and adopt of the job. Asks the module for names of groups.
 * Errors (stages CONFIG, CAPS, NAMESPACE, STATE): what the configuration says wrong, or wants and this host has not.
 */
int crl_decide(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
