// SPDX-License-Identifier: Apache-2.0
/* See verdict.h. */
#include "policy/filter/verdict.h"

#include <linux/seccomp.h>

uint32_t crl_verdict_action(struct crl_verdict v)
{
	switch (v.kind) {
	case CRL_VERDICT_ALLOW:
		return SECCOMP_RET_ALLOW;
	case CRL_VERDICT_LOG:
		return SECCOMP_RET_LOG;
	case CRL_VERDICT_ERRNO:
		return SECCOMP_RET_ERRNO | v.code;
	case CRL_VERDICT_KILL:
		break;
	}
	return SECCOMP_RET_KILL_PROCESS;
}
