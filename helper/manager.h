// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd` (see manager.c).
 *
 * Runs in: helper and supervisor, root, host namespaces.
 */
#pragma once

#include "helper/helper.h"

/* Does systemd manage this host's cgroups for us? Key cgroup.manager, or what is found. */
bool crl_manager_is_systemd(const struct crl_job *job);

/*
 * Put the policy's limits on user-UID.slice, find or start the login's scope, read both back. Takes the lock of the
 * user's limits, which crl_job_done() gives free. Errors (stage LIMITS): what systemd says; -EXDEV, -ERANGE when the
 * kernel's files tell otherwise.
 */
int crl_manager_make(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/* Supervisor and init out of the user's slice. Not needed for isolation, so failing is only logged. */
void crl_manager_house(const struct crl_job *job, const struct crl_room *room);

/* A login of the user has left: take the limits away when no other is on record. */
void crl_manager_release(const struct crl_state *s, uint32_t uid);

/* The same for every user whose limits a killed supervisor or helper has left. */
void crl_manager_sweep(const struct crl_state *s);
