// SPDX-License-Identifier: Apache-2.0
/*
 * On which terminal of the host a login comes.
 *
 * Runs in: helper (root, host namespaces), while the application waits.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct crl_job;

/* @ret  its path, "" = none; whether it is a terminal is proved by who shows it */
void crl_outer_tty(const struct crl_job *job, char *ret, size_t size);

/*
 * Give it a name in a room that stands already, /dev/host-…: what works without one is no reason to refuse a login.
 * @init  of the room, which is held by a descriptor meanwhile
 */
void crl_outer_tty_show(const struct crl_job *job, pid_t init);
