// SPDX-License-Identifier: Apache-2.0
/*
 * The system call filter that supervisor, init and workers bind themselves with. Runs in: each of them.
 */
#pragma once

#include <linux/filter.h>

#define CRL_SANDBOX_FILTER_MAX 320 /* instructions */

struct crl_sandbox_filter {
	struct sock_filter code[CRL_SANDBOX_FILTER_MAX];
	unsigned short len;
};

/* SECCOMP_IOCTL_NOTIF_SET_FLAGS, Linux 6.6: who calls and who answers take turns on one processor. */
#define CRL_SECCOMP_SET_FLAGS 0x40082104u

enum crl_sandbox_who {
	CRL_SANDBOX_INIT, /* has the fewest calls */
	CRL_SANDBOX_SUPERVISOR,
	CRL_SANDBOX_LISTENER, /* answers for filters that notify, and writes down what it saw */
	CRL_SANDBOX_WORKER, /* files of a user, with their rights; no socket but those it has, no process */
};

void crl_sandbox_filter(struct crl_sandbox_filter *ret, enum crl_sandbox_who who);
