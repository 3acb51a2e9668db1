// SPDX-License-Identifier: Apache-2.0
/* A host that takes no new logins. */
#pragma once

struct ctl;

/* While it is drained, say so on standard error: nobody shall forget it. */
void ctl_drain_note(const struct ctl *c);
