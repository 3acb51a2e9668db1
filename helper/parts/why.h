// SPDX-License-Identifier: Apache-2.0
/*
 * What stopped a login's processes: counted by the kernel, looked at when the login ends, told at the next one.
 *
 * Runs in: helper (root) until the room stands, then supervisor in its sandbox.
 */
#pragma once

#include "wire/proto.h"

struct crl_job;
struct crl_kept;

/* The time after the last logout is over, and something still runs. */
void crl_kept_why_linger(struct crl_kept *room);

/* The login of that id has a terminal, or nobody will ever know: its user counts as told. */
void crl_kept_why_seen(const struct crl_kept *room, const char *id);

/* In the helper: the line for the user, "" = there is nothing to tell. */
void crl_notice_write(struct crl_job *job, char notice[CRL_NOTICE_MAX]);

/* The application has it. */
void crl_notice_given(const struct crl_job *job);

/*
 * In the helper, before the line is written: what the last keeper left to be told of the home.
 * @data  directory of the home's entry in the store that is the user's
 */
void crl_notice_asked(struct crl_job *job, int data);
