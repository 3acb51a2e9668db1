// SPDX-License-Identifier: Apache-2.0
/*
 * One login from its request to a room that is kept: the order of things.
 *
 * Runs in: helper (root, host namespaces), which becomes the room's supervisor here.
 */
#pragma once

#include "base/err.h"

struct crl_job;

/* Returns -errno when the login is refused, 0 when somebody else's room has it; else this process keeps the room. */
int crl_serve(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
