// SPDX-License-Identifier: Apache-2.0
/* What of a policy the host's kernel cannot do, for lacks.c: by what it gives, so that any kernel can be judged. */
#pragma once

#include "ctl/conf/lacks.h"

struct ctl_given;

/* Tell each. */
void ctl_judge_kernel(const struct ctl_given *has, const struct crl_policy *p, ctl_each_lack *each, void *arg);
