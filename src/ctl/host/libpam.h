// SPDX-License-Identifier: Apache-2.0
/*
 * libpam, opened when something asks it: carrelctl also looks at rooms where it is not.
 *
 * Runs in: a child of carrelctl (inchild.h): what libpam loads is not loaded into carrelctl itself.
 */
#pragma once

#include <security/pam_appl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* The functions that are used. Without start_confdir (libpam before 1.4) only services of /etc/pam.d can be tried. */
struct ctl_libpam {
	__typeof__(pam_start) *start;
	__typeof__(pam_start_confdir) *start_confdir; /* may be NULL */
	__typeof__(pam_set_item) *set_item;
	__typeof__(pam_setcred) *setcred;
	__typeof__(pam_open_session) *open_session;
	__typeof__(pam_close_session) *close_session;
	__typeof__(pam_strerror) *strerror;
	__typeof__(pam_end) *end;
};

/* Returns false when there is no libpam, with the reason in @why. */
bool ctl_libpam_open(struct ctl_libpam *ret, char *why, size_t size);
