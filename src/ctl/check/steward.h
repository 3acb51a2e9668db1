// SPDX-License-Identifier: Apache-2.0
/* Rooms that live, and nobody who keeps true what they show of the host. */
#pragma once

struct ctl;
struct ctl_findings;

void ctl_check_steward(struct ctl_findings *f, const struct ctl *c);
