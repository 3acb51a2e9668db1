// SPDX-License-Identifier: Apache-2.0
/*
 * Can libpam load carrel's module, and which one does it load?
 *
 * It is asked itself: a service that nobody else knows has the module in it as the PAM line names it. Nothing of the
 * module runs but what loading runs.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"

#define CTL_MODULE_NAME "pam_carrel.so" /* in the directory where libpam looks */

struct ctl_module {
	bool asked; /* false: libpam could not be asked, for the reason in why */
	bool loaded;
	bool whole; /* it has what carrel's module has */
	char path[PATH_MAX]; /* where from, when it is loaded */
	char libpam_dir[PATH_MAX]; /* where libpam finds its own modules; "" = not known */
	char version[64]; /* "" = it tells none */
	char why[512]; /* libpam's own words */
};

/* @name  as a PAM line has it. Answers in any case. */
void ctl_module_ask(const char *name, struct ctl_module *ret);

/* What the helper tells of itself. Returns 0 or -errno: it does not run; -EBADMSG it tells nothing of the kind. */
int ctl_helper_version(const char *helper, char ret[64]) CRL_MUST_CHECK;
