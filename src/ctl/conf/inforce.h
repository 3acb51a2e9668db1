// SPDX-License-Identifier: Apache-2.0
/* The configuration that counts now; see state/trial/trial.h. */
#pragma once

#include "base/scope.h"

struct crl_config;
struct crl_err;
struct ctl;

/* As crl_trial_load() has it. A trial is told on standard error. @ret  to be freed by crl_config_free() */
int ctl_load_config(const struct ctl *c, struct crl_config **ret, struct crl_err *err) CRL_MUST_CHECK;

/* Path of what stands beside the configuration, for PATH_MAX bytes. */
void ctl_beside_config(const struct ctl *c, const char *name, char *buf);
