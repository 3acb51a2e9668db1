// SPDX-License-Identifier: Apache-2.0
/*
 * Does this process read the host's clock?
 */
#pragma once

#include "base/err.h"

/* Errors (stage CALLER): -EXDEV another time namespace than the host's, by whose clock all living rooms look dead. */
int crl_check_clock(struct crl_err *err) CRL_MUST_CHECK;
