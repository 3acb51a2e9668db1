// SPDX-License-Identifier: Apache-2.0
/* What carrelctl check has found. Private to check.c and check_policies.c. */
#pragma once

#include "ctl/ctl.h"

enum level { WARNING, ERROR };

struct findings {
	struct ctl_table table;
	size_t errors;
	size_t warnings;
	size_t wired; /* PAM services that name carrel */
};

/* @file  may be NULL, @line 0. @mend  what to do about it */
void find(struct findings *f, enum level level, const char *file, int line, const char *mend, const char *fmt, ...)
	CRL_PRINTF(6, 7);

/* check_policies.c: each policy of the configuration, alone, against its parent and against this host. */
void check_policies(struct findings *f, const struct crl_config *config);
