// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's wishes about system calls, brought down to one verdict for each call.
 *
 * Runs in: helper, carrelctl. Pure.
 * Owns: the meaning of base, allow, deny and of a group's answer (docs/seccomp.md).
 *  R1  A name that libseccomp does not know is an error, except behind "?" and in a group whose name ends in
 *      "-newer".
 *  R2  deny wins over allow, and allow over base.
 *  R3  clone3 is never allowed: its flags lie behind a pointer, where no filter can read them.
 *  R4  Calls that give up privileges are never refused: a set-id program that overlooks the error goes on as
 * root.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/policy.h"
#include "policy/sysgroups.h"
#include "proto/err.h"

/* libseccomp numbers: the kernel's own from 0, negative ones for calls that only other architectures have. */
#define CRL_CALL_MIN (-11264)
#define CRL_CALL_MAX 1023

struct crl_callset {
	uint8_t marks[CRL_CALL_MAX - CRL_CALL_MIN + 1]; /* private to filter_set.c */
};

/*
 * Work out all verdicts.
 * Errors (stage FILTER): -EINVAL naming the call or group that is unknown, wrongly used or must not be
 * refused.
 */
int crl_callset_build(const struct crl_seccomp *s, const struct crl_sysgroups *groups,
		      struct crl_callset *ret, struct crl_err *err) CRL_MUST_CHECK;

/* What a call answers. @nr within CRL_CALL_MIN..CRL_CALL_MAX. */
enum crl_answer crl_callset_answer(const struct crl_callset *set, int nr);

/* The same by name; a name that libseccomp does not know answers ENOSYS. */
enum crl_answer crl_callset_answer_by_name(const struct crl_callset *set, const char *name);

/* True when the policy's allow names the call itself, which lifts the rules about its arguments. */
bool crl_callset_is_whole(const struct crl_callset *set, const char *name);
