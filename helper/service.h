// SPDX-License-Identifier: Apache-2.0
/*
 * What the service that a login comes by has taken away from its helper.
 *
 * Runs in: helper (root), which has the bounding set, the filter and the mounts of the application's service.
 */
#pragma once

#include "base/err.h"

struct crl_policy;

/* Before anything is made. Errors (stage CAPS): -EPERM, naming the capabilities that the policy wants. */
int crl_service_check(const struct crl_policy *p, struct crl_err *err) CRL_MUST_CHECK;

/* Say beside an error of the kernel's what of the service may be behind it. */
void crl_service_blame(struct crl_err *err);
