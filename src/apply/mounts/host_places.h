// SPDX-License-Identifier: Apache-2.0
/* What packages and systemd-tmpfiles have ready for programs, and what is at the host's top. */
#pragma once

#include "plan/mounts/plan.h"

/* Sets screen, shm_link, gnupg, profiles and socket_dirs only. */
void crl_find_host_places(struct crl_host *host);

/*
 * Read what is in "/", for a room that is made without root. Sets top and top_len only; what is neither a directory nor
 * a link is left out.
 * Errors (stage MOUNT): -errno of the directory; -ENOMEM.
 */
int crl_find_host_top(struct crl_host *host, struct crl_err *err) CRL_MUST_CHECK;
