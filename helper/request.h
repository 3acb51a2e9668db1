// SPDX-License-Identifier: Apache-2.0
/*
 * The request: who asks, and is it who the kernel says.
 *
 * Runs in: helper (root). Trusts: SO_PEERCRED and the pidfd, not what the record says of itself.
 */
#pragma once

#include "base/err.h"

struct crl_job;

/*
 * Take the request from the module and prove it: login, app_pid and app_pidfd of the job are filled in.
 * Errors (stages REQUEST, CALLER): -EPERM not root's, another process's, for root, or this helper has no power;
 * -EBADMSG and the like as crl_msg_recv() and crl_login_check().
 */
int crl_request_receive(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
