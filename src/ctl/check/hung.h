// SPDX-License-Identifier: Apache-2.0
/* What hangs on this host. */
#pragma once

struct ctl_findings;

/* Last: what the other topics have found not to answer is told here, once. */
void ctl_check_hung(struct ctl_findings *f);
