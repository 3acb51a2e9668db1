// SPDX-License-Identifier: Apache-2.0
/* What explain says of the devices of the host's that a policy gives. */
#pragma once

#include "ctl/print/out.h"

struct crl_policy;

#define CTL_DEVICES_COLUMNS 4
extern const struct ctl_column ctl_devices_column[CTL_DEVICES_COLUMNS];

/* A row for each name that an entry is like now, and one for an entry that is like none. */
void ctl_explain_devices(const struct crl_policy *p, struct ctl_table *table);
