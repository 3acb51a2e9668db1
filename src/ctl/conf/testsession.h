// SPDX-License-Identifier: Apache-2.0
/*
 * One session of a PAM service, opened and closed as the service's program does it.
 *
 * Runs in: a child of carrelctl, root, which goes into the room and is gone afterwards. It leaves what a login leaves
 * that ends at once: lines in logs and, where the stack has pam_lastlog, its record.
 */
#pragma once

#include "base/scope.h"

struct crl_err;
struct ctl;

/*
 * @user  gets a room under the rules
 * Errors (stage HELPER): -EPROTO with the step and the reason in libpam's or the module's own words; -ETIMEDOUT;
 * -ENOTSUP libpam cannot be asked about that directory.
 */
int ctl_session_try(const struct ctl *c, const char *service, const char *user, struct crl_err *err) CRL_MUST_CHECK;
