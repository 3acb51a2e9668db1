// SPDX-License-Identifier: Apache-2.0
/*
 * STATE/net.ports: the ports of the host's that lead into rooms, a line each, with whose they are.
 *
 * Runs in: helper, which holds the lock of rooms' networks to change it; carrelctl.
 */
#pragma once

#include "plan/net/served.h"

#define CRL_SERVED_FILE "net.ports"

/* Zero-initialise; crl_served_done() frees. */
struct crl_served {
	struct crl_nat_served *item;
	size_t len;
};
void crl_served_done(struct crl_served *s);

/*
 * All of them. @dir  STATE. What is no such line is passed over: only root writes it.
 * Returns 0, with none when there is no such file; -errno.
 */
int crl_served_read(int dir, struct crl_served *ret) CRL_MUST_CHECK;

/* One more. Returns 0 or -ENOMEM. */
int crl_served_add(struct crl_served *io, const struct crl_nat_served *one) CRL_MUST_CHECK;

/* Instead of what is there. Returns 0 or -errno. */
int crl_served_write(int dir, const struct crl_served *s) CRL_MUST_CHECK;
