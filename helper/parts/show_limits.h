// SPDX-License-Identifier: Apache-2.0
/*
 * What a room shows of the user's limits, put right when somebody comes back into a room that lingered.
 *
 * Runs in: helper (root, host namespaces) that joins a room.
 */
#pragma once

#include <sys/types.h>

struct crl_job;

/* Failing is logged and keeps nobody out. */
void crl_limits_show_again(const struct crl_job *job, int init_pidfd, pid_t init_pid);
