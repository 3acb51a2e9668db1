// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-helper --reload: give live rooms the limits that their policies have now.
 *
 * Runs in: root, host namespaces, started by carrelctl, which reads its standard output.
 */
#pragma once

#include "base/err.h"

struct crl_options;

/* Returns how many rooms could not be given their limits, or -errno. */
int crl_reload(const struct crl_options *options, struct crl_err *err) CRL_MUST_CHECK;
