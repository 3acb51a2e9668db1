// SPDX-License-Identifier: Apache-2.0
/*
 * A filter whose refusals, and when a policy is learned nearly all its calls, are told to a listener, which asks the
 * filter as it was what to answer.
 *
 *  R1  The listener decides by what the kernel's filter would have seen, the registers alone: nothing that a pointer
 *      leads to, since the caller's other threads can change that meanwhile.
 *  R2  Whatever is not understood is refused.
 *  R3  clone3 is never told: every thread of glibc's begins with one, which is refused and falls back.
 *
 * Runs in: helper, listener. Pure. Source: seccomp(2), seccomp_unotify(2).
 */
#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>

#include "plan/filter/filter.h"
#include "plan/filter/set.h"

/*
 * @core  NULL: what @in refuses is told, and what it has the kernel log. Else, to learn: every call of the native
 *        architecture that @core does not allow is told as well, and all of another architecture.
 * Errors (stage FILTER): -E2BIG @in is too long to take what is written before it.
 */
int crl_notify_rewrite(const struct crl_filter *in, const struct crl_callset *core, struct crl_filter *ret,
		       struct crl_err *err) CRL_MUST_CHECK;

/* R1: what the filter says of a call, a SECCOMP_RET_ value. R2: SECCOMP_RET_KILL_PROCESS for what is no filter. */
uint32_t crl_notify_verdict(const struct crl_filter *f, const struct seccomp_data *d);

/*
 * What of a call's arguments is worth learning, besides that it is made: the request of ioctl, the option of prctl,
 * family and type of socket and socketpair (family << 16 | type), the flags of clone and unshare, personality's word.
 * Returns false where there is none.
 */
bool crl_notify_value(const struct seccomp_data *d, uint64_t *ret);
