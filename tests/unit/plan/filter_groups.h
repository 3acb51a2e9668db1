// SPDX-License-Identifier: Apache-2.0
/* The shipped groups of calls, for a test program's set-up and tear-down. */
#pragma once

#include "tests/unit/plan/filter_lab.h"

static struct crl_sysgroups groups;

static inline int load_groups(void **state)
{
	(void)state;
	return lab_load_groups(&groups);
}

static inline int free_groups(void **state)
{
	(void)state;
	crl_sysgroups_done(&groups);
	return 0;
}
