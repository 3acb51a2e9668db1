// SPDX-License-Identifier: Apache-2.0
/* What was thrown away is removed by a process of its user's. Nobody sees it any more: it can be done at any time. */
#pragma once

#include "ctl/command.h"

struct ctl_kept;

/*
 * Remove what is in the trash. What cannot be removed is told. Returns CTL_YES when it is empty; CTL_FAIL, and it has
 * been said why not: what is left can be removed by gc.
 */
enum ctl_exit ctl_home_empty_trash(const struct ctl *c, struct ctl_kept *k);
