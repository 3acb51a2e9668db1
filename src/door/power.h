// SPDX-License-Identifier: Apache-2.0
/*
 * Has this process the power that the making of a room takes?
 *
 * Runs in: the PAM application, as root.
 */
#pragma once

#include "base/err.h"

/*
 * What a process gives up with a room it never gets back, and its helper would inherit that: say so before one is
 * started.
 * A service whose unit leaves capabilities out from the start is not meant: the helper finds what it lacks.
 * Errors (stage CALLER): -EPERM the bounding set was cut in this very process, or its system call filter lets no
 * room be made; -errno of capget().
 */
int crl_power_check(struct crl_err *err) CRL_MUST_CHECK;
