// SPDX-License-Identifier: Apache-2.0
/*
 * What a filter says to a system call.
 *
 * Pure. Source: seccomp(2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum crl_verdict_kind {
	CRL_VERDICT_ALLOW,
	CRL_VERDICT_LOG, /* allowed, and the kernel writes a line */
	CRL_VERDICT_ERRNO,
	CRL_VERDICT_KILL, /* the whole process, by SIGSYS */
};

struct crl_verdict {
	enum crl_verdict_kind kind;
	uint16_t code; /* of kind ERRNO: the errno, 1..4095; else 0 */
};

#define CRL_ALLOW ((struct crl_verdict){.kind = CRL_VERDICT_ALLOW})
#define CRL_ERRNO(e) ((struct crl_verdict){.kind = CRL_VERDICT_ERRNO, .code = (e)})

/* True when the call goes on to the kernel, be it with a line or not. */
static inline bool crl_verdict_lets(struct crl_verdict v)
{
	return v.kind == CRL_VERDICT_ALLOW || v.kind == CRL_VERDICT_LOG;
}

static inline bool crl_verdict_is(struct crl_verdict a, struct crl_verdict b)
{
	return a.kind == b.kind && a.code == b.code;
}

/* The same as SECCOMP_RET_*, what a program returns. */
uint32_t crl_verdict_action(struct crl_verdict v);
