// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's wishes about system calls, brought down to one verdict for each call.
 *
 * Runs in: helper, carrelctl. Pure.
 * Owns: the meaning of base, allow, deny and of a group's answer (docs/seccomp.md).
 *  R1  A name that libseccomp does not know is an error, except behind "?" and with a number in a group whose name
 *      ends in "-newer". Name and number must agree with what it does know.
 *  R2  deny wins over allow, and allow over base.
 *  R3  clone3 is never allowed: its flags lie behind a pointer, where no filter can read them.
 *  R5  Who denies a call denies its twins (twins.h).
 *  R6  In mode "log" what could go past every guard stays refused: clone3, unshare, setns, io_uring, and calls of which
 *      the groups know nothing.
 *  R4  Calls that give up privileges are never refused: a set-id program that overlooks the error goes on as
 * root.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/filter/arch.h"
#include "policy/filter/sysgroups.h"
#include "policy/filter/verdict.h"
#include "policy/policy.h"

/* libseccomp's numbers: the native ones from 0, negative ones for calls that only other architectures have. */
#define CRL_CALL_MIN (-11264)
#define CRL_CALL_MAX 1023

/* Private to set.c. */
struct crl_call_mark {
	struct crl_verdict answer; /* where it is not allowed, from the groups' file or the policy's answers */
	uint8_t bits;
};

struct crl_callset {
	uint32_t arch; /* whose numbers they are: AUDIT_ARCH_* */
	bool trial; /* seccomp.mode is "log" */
	bool users; /* rules about arguments leave CLONE_NEWUSER */
	struct crl_call_mark marks[CRL_CALL_MAX - CRL_CALL_MIN + 1];
};

/*
 * Work out all verdicts, for this machine.
 * Errors (stage FILTER): -EINVAL naming the call or group that is unknown, wrongly used or must not be
 * refused; -EOPNOTSUPP an architecture that has no filters.
 */
int crl_callset_build(const struct crl_seccomp *s, const struct crl_sysgroups *groups, struct crl_callset *ret,
		      struct crl_err *err) CRL_MUST_CHECK;

/* The same for any architecture. */
int crl_callset_build_for(const struct crl_arch *arch, const struct crl_seccomp *s, const struct crl_sysgroups *groups,
			  struct crl_callset *ret, struct crl_err *err) CRL_MUST_CHECK;

/* What is said to a call, rules about arguments apart. A number that is not within CRL_CALL_MIN..CRL_CALL_MAX, and
 * CRL_NO_CALL, answer ENOSYS. */
struct crl_verdict crl_callset_verdict(const struct crl_callset *set, int nr);

/* What is said where a rule about arguments refuses a call that is allowed: the policy's answer, a group's, EPERM. */
struct crl_verdict crl_callset_refusal(const struct crl_callset *set, const char *name);

/* True when the call is allowed; false also for a name that libseccomp does not know. */
bool crl_callset_lets(const struct crl_callset *set, const char *name);

/* True when the policy's allow names the call itself, which lifts the rules about its arguments. */
bool crl_callset_is_whole(const struct crl_callset *set, const char *name);
