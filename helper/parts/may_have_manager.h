// SPDX-License-Identifier: Apache-2.0
/*
 * May this user have a service manager of systemd's?
 *
 * Runs in: helper, as the ExecCondition of user@.service, root, host namespaces.
 */
#pragma once

#include "base/scope.h"

struct crl_options;

/* Returns the exit status, 0 = yes; where the rules decide it becomes carrelctl, which answers. */
int crl_may_have_manager(const struct crl_options *options) CRL_MUST_CHECK;
