// SPDX-License-Identifier: Apache-2.0
/* Where this host keeps what outlives rooms: the key store of the configuration in force. */
#pragma once

#include "base/scope.h"

struct crl_err;
struct ctl;

/* @ret  to be freed; NULL after an error. Errors: of ctl_load_config(); -ENOMEM. */
int ctl_store_path(const struct ctl *c, char **ret, struct crl_err *err) CRL_MUST_CHECK;
