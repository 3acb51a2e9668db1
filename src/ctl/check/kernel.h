// SPDX-License-Identifier: Apache-2.0
/* What every room needs of the kernel. */
#pragma once

struct ctl_findings;

void ctl_check_kernel(struct ctl_findings *f);
