// SPDX-License-Identifier: Apache-2.0
/*
 * Which logins share a room: those of one user, as they are now, under one policy text, with one home.
 *
 * Runs in: helper (root) before anything is made; crl_whose_room_is() in the supervisor.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct crl_job;
struct crl_kept;
struct crl_login;

/* The name of the login's room below STATE/rooms (job->room_name). Errors (stage STATE): -ENOMEM. */
int crl_whose_choose_name(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/* Was the room made for that user, group and home? */
bool crl_whose_room_is(const struct crl_kept *room, const struct crl_login *login);
