// SPDX-License-Identifier: Apache-2.0
/*
 * Let the application in and look from outside whether it is.
 *
 * Runs in: helper (root, host namespaces); crl_confirm_go_on() when all power is given up.
 * In three steps, for whoever has something to do between them.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

struct crl_job;

/* It is told to come in: adopt and filter of the job go to the module. */
int crl_confirm_invite(struct crl_job *job, int init_pidfd, struct crl_err *err) CRL_MUST_CHECK;

/* It is in, as the kernel sees it, and init has no power any more. */
int crl_confirm_verify(struct crl_job *job, pid_t init_pid, struct crl_err *err) CRL_MUST_CHECK;

/* It may go on. */
int crl_confirm_go_on(struct crl_job *job, int init_pidfd, struct crl_err *err) CRL_MUST_CHECK;

/* All three. Errors (stage ADOPT, or of what failed). */
int crl_confirm(struct crl_job *job, int init_pidfd, pid_t init_pid, struct crl_err *err) CRL_MUST_CHECK;
