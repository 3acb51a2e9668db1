// SPDX-License-Identifier: Apache-2.0
/* The network namespace that a policy joins, and what is wrong with it. Private to lacks.c. */
#pragma once

#include "ctl/conf/lacks.h"

/* Needs root's power; anybody else is told nothing. A name with a template that is not expanded is passed over. */
void ctl_find_join_lacks(const struct crl_policy *p, ctl_each_lack *each, void *arg);
