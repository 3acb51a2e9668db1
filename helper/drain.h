// SPDX-License-Identifier: Apache-2.0
/*
 * No new logins while the operator has the host drained.
 *
 * Runs in: helper (root), before anything is made for the login.
 */
#pragma once

#include "base/err.h"

struct crl_job;

/*
 * Refuse when the host takes no new logins; else hold the lock that the operator waits for (job->drain).
 * Errors (stage DRAIN): -EAGAIN. What cannot be read lets in.
 */
int crl_refuse_drained(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
