// SPDX-License-Identifier: Apache-2.0
/*
 * Another room, of somebody else and under the same policy, that stands while probes look whether it is reached.
 *
 * Runs in: carrelctl (root); whoever listens in that room's network is a child of it.
 * R1: what listens there says one word, hears nothing, and ends with carrelctl.
 */
#pragma once

#include "ctl/rehearse/rehearsal.h"

/*
 * ctl_rehearse_room() of @r, beside another user's room, which its scene then has as @other; where nobody else of this
 * host can have such a room there is none.
 * Errors: as ctl_rehearse_room().
 */
int ctl_rehearse_beside(const struct ctl *c, struct ctl_rehearsal *r, struct crl_err *err) CRL_MUST_CHECK;
