// SPDX-License-Identifier: Apache-2.0
/*
 * Verdicts and guards to a program of classic BPF.
 *
 * Runs in: helper, carrelctl. Pure. Source: seccomp(2), linux/filter.h, the kernel's seccomp_is_const_allow().
 *
 * The program asks for the architecture, and then goes down a balanced tree of "from this number on" to the run of
 * equal verdicts that the call's number is in; guards stand as leaves in it. For a call without a guard it reads number
 * and architecture only, by the few instructions that the kernel follows when it works out, at loading, which calls are
 * always allowed: these cost nothing later (Linux 5.11).
 */
#pragma once

#include "plan/filter/filter.h"
#include "plan/filter/guard.h"

/* Calls in a row that have the same said to them. */
struct crl_call_run {
	uint32_t first; /* up to the next run's; the last one goes up to the highest number that there is */
	struct crl_verdict verdict;
	const struct crl_guard *guard; /* decides instead of the verdict; NULL = none */
};

struct crl_call_tree {
	uint32_t arch; /* AUDIT_ARCH_* */
	const struct crl_call_run *run; /* in order of @first; the first begins at 0 */
	size_t len; /* at least 1 */
};

struct crl_program {
	const struct crl_guards *guards;
	const struct crl_call_tree *tree; /* what is asked for first comes first */
	size_t len;
	struct crl_verdict elsewhere; /* on all other architectures */
};

/*
 * Write a program.
 * @ret  len is 0 after an error
 * Errors (stage FILTER): -E2BIG more than CRL_FILTER_MAX instructions.
 */
int crl_program_write(const struct crl_program *p, struct crl_filter *ret, struct crl_err *err) CRL_MUST_CHECK;
