// SPDX-License-Identifier: Apache-2.0
/* explain --reach: may programs of this policy's rooms connect somewhere, and by which entry? */
#pragma once

#include "ctl/command.h"
#include "ctl/print/out.h"

struct crl_policy;

/*
 * Answer c->reach: "ADDRESS", "ADDRESS:PORT", "[ADDRESS]:PORT", "host:PORT", or an entry of network.allow that is about
 * one address.
 * @values  of the policy, as ctl_values_add() makes them
 * Returns CTL_YES, CTL_NO they may not, CTL_USAGE.
 */
enum ctl_exit ctl_explain_reach(const struct ctl *c, const struct crl_policy *p, const struct ctl_table *values);
