// SPDX-License-Identifier: Apache-2.0
/*
 * System calls that a room's listener was told of, the last kinds of each user: STATE/refused/UID.
 *
 *   carrel-refused 1 LINES USER                                        the name as a field (base/text.h)
 *   FIRST-MS LAST-MS COUNT HOW ARCH NR ARGUMENT... LOGIN POLICY PROGRAM  oldest first; numbers of the call hexadecimal
 *
 * Runs in: listener in its sandbox, helper, carrelctl; root.
 * Trusts: nobody but root can write below STATE (0700). Names of programs are hostile text.
 *  R1  What is not such a file to its last byte tells nothing, and is begun anew.
 *  R2  It is bounded: the kind that was seen last the longest ago gives way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "base/text.h"
#include "state/learn/tally.h"
#include "wire/proto.h"

#define CRL_REFUSED_MAX 64 /* kinds of one user */
#define CRL_REFUSED_ARGS 3
#define CRL_REFUSED_DAYS 30
#define CRL_REFUSED_DIR "refused"

enum crl_refused_how {
	CRL_REFUSED, /* answered with an error */
	CRL_WOULD_BE_REFUSED, /* allowed, since the policy's filter only tells (seccomp.mode = "log") */
	CRL_TOLD, /* allowed, and the policy wants to know */
	CRL_REFUSED_COUNT
};

struct crl_refused {
	int64_t first_ms; /* CLOCK_REALTIME */
	int64_t last_ms;
	uint64_t count;
	enum crl_refused_how how;
	uint32_t arch; /* AUDIT_ARCH_* */
	int32_t nr;
	uint64_t arg[CRL_REFUSED_ARGS]; /* of the last one */
	char id[CRL_ID_MAX]; /* the login of the last one */
	char policy[CRL_POLICY_NAME_MAX];
	char program[CRL_PROGRAM_MAX]; /* as a field, cut; not empty */
};

struct crl_refusals {
	char user[CRL_VISIBLE_MAX(CRL_USER_MAX)]; /* as a field */
	struct crl_refused item[CRL_REFUSED_MAX];
	size_t len;
};

/* "refused", "would be refused", "told" in one word each. */
const char *crl_refused_word(enum crl_refused_how how);

/* Put one, with its count, to what there is. R2 */
void crl_refusals_add(struct crl_refusals *r, const struct crl_refused *one);

/* R1: returns 0, or -EBADMSG and it is empty. @text  @len bytes and a NUL, changed */
int crl_refusals_parse(char *text, size_t len, struct crl_refusals *ret) CRL_MUST_CHECK;

/* @buf  CRL_FILE_MAX is always enough. Returns the length, or -EMSGSIZE. */
int crl_refusals_print(const struct crl_refusals *r, char *buf, size_t size) CRL_MUST_CHECK;

/* The directory, made when @make says so. Returns 0 or -errno. */
int crl_refused_open(int state_dir, bool make, int *ret_fd) CRL_MUST_CHECK;

/*
 * Put what is in @r to what is on record of that user. @dir  of crl_refused_open()
 * Returns 0 or -errno.
 */
int crl_refused_merge(int dir, uint32_t uid, const struct crl_refusals *r) CRL_MUST_CHECK;

typedef void crl_refused_user(void *arg, uint32_t uid, const struct crl_refusals *r);

/* Call @each for every user's file that is one. Returns 0 or -errno; a directory that is not there holds none. */
int crl_refused_users(int state_dir, crl_refused_user *each, void *arg) CRL_MUST_CHECK;

/* Remove what nothing was added to for CRL_REFUSED_DAYS. */
void crl_refused_sweep(int state_dir);
