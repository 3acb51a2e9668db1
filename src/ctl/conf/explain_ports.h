// SPDX-License-Identifier: Apache-2.0
/* What explain says of the ports of the host's that lead into a user's room. */
#pragma once

#include <stdint.h>

#include "ctl/print/out.h"

struct crl_policy;

#define CTL_PORTS_COLUMNS 3
extern const struct ctl_column ctl_ports_column[CTL_PORTS_COLUMNS];

/* A row for each; none where the login is refused for it, which is a lack. */
void ctl_explain_ports(const struct crl_policy *p, uint32_t uid, struct ctl_table *table);
