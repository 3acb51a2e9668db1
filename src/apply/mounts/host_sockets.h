// SPDX-License-Identifier: Apache-2.0
/* Find the host's sockets that have a name. */
#pragma once

#include "plan/mounts/plan.h"

/*
 * By sock_diag(7), else from /proc/net/unix. A kernel without AF_UNIX has none.
 * Sets sockets, sockets_len and sockets_cut of @host, which had none. Errors (stage MOUNT): they cannot be listed.
 */
int crl_find_host_sockets(struct crl_host *host, struct crl_err *err) CRL_MUST_CHECK;
