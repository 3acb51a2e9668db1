// SPDX-License-Identifier: Apache-2.0
/*
 * Rules about arguments, as BPF that runs before libseccomp's.
 *
 * Runs in: helper, carrelctl. Pure.
 * Written by hand because libseccomp has no "otherwise": all that a call's rules do not match gets the
 * filter's default, which here is ENOSYS and would be the wrong answer to socket(AF_VSOCK) or
 * clone(CLONE_NEWUSER). It would also turn each i386 socket rule into a socketcall() rule, whose arguments
 * lie behind a pointer. R1  Each call that has a rule here returns here; libseccomp's part never sees it. R2
 * Arguments that the kernel takes as int or unsigned int are compared by their low 32 bits only.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "plan/filter_set.h"

/* What a filter is made from. */
struct crl_filter_job {
	const struct crl_seccomp *wish;
	const struct crl_callset *set;
	uint32_t setns_flags; /* as crl_filter_compile() */
	uint32_t native; /* AUDIT_ARCH_*; libseccomp's tokens are the same numbers */
	uint32_t compat; /* AUDIT_ARCH_*, 0 = not in the filter */
};

/*
 * Write the rules.
 * @insn     room for @capacity instructions
 * @ret_len  instructions written
 * Errors (stage FILTER): -EINVAL a socket family that does not exist or cannot be allowed; -E2BIG no room.
 */
int crl_filter_args_write(const struct crl_filter_job *job, struct sock_filter *insn, uint32_t capacity,
			  uint32_t *ret_len, struct crl_err *err) CRL_MUST_CHECK;

/* True for a call that is decided here, whatever the set says; libseccomp gets no rule for it. */
bool crl_filter_args_decides(const struct crl_filter_job *job, int nr);
