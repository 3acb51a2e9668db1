// SPDX-License-Identifier: Apache-2.0
/*
 * Which program made which system call, how often, and with which values of the arguments that rules can be about.
 * What was seen under a policy is kept by union in one file, STORE/learn/POLICY.seen, which a boot leaves as it is:
 *
 *   carrel-seen 1 LINES WHOLE                  WHOLE 0: some did not fit
 *   ARCH NR VALUE COUNT PROGRAM                hexadecimal, number, hexadecimal or "-", number, a field (base/text.h)
 *
 * Runs in: listener in its sandbox, carrelctl.
 * Trusts: nobody but root can write below STORE. Names of programs are hostile text.
 *  R1  It is bounded: when there is no room for another program's calls they are those of "*", without values; no call
 *      is missing because many others were made, as long as "*" has place for each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_PROGRAM_MAX 16 /* the kernel's name of a process, with NUL */
#define CRL_TALLY_MAX 4096 /* lines of one tally */
#define CRL_TALLY_OTHERS 1024 /* of them for "*" alone */
#define CRL_NO_VALUE UINT64_MAX

struct crl_seen {
	char program[CRL_PROGRAM_MAX];
	uint32_t arch; /* AUDIT_ARCH_* */
	int32_t nr;
	uint64_t value; /* plan/filter/notify.h; CRL_NO_VALUE = none */
	uint64_t count;
};

struct crl_tally {
	struct crl_seen *item;
	size_t len;
	uint16_t *slot; /* private: where in item, by hash */
	bool lost; /* something had no place even as "*" */
};

/* Returns 0 or -ENOMEM. */
int crl_tally_begin(struct crl_tally *t) CRL_MUST_CHECK;
void crl_tally_done(struct crl_tally *t);
void crl_tally_clear(struct crl_tally *t);

/* Add seen->count of it. R1 */
void crl_tally_add(struct crl_tally *t, const struct crl_seen *seen);

/* Read a file's text into an empty tally; -EBADMSG leaves it so. @text  @len bytes and a NUL, changed */
int crl_tally_parse(char *text, size_t len, struct crl_tally *ret) CRL_MUST_CHECK;

/* @ret_text  to be freed. Returns 0 or -ENOMEM. */
int crl_tally_print(const struct crl_tally *t, char **ret_text, size_t *ret_len) CRL_MUST_CHECK;

/* The directory "learn" of STATE or the store, made when @make says so. Returns 0 or -errno. */
int crl_learn_open(int at, bool make, int *ret_fd) CRL_MUST_CHECK;

/*
 * Put what is in @t to what the file has, under its lock.
 * @dir      of crl_learn_open()
 * @durable  it is on the disk when this returns
 * A file that is no tally is begun anew. Returns 0; -EWOULDBLOCK the lock was held for two seconds; -errno.
 */
int crl_tally_merge(int dir, const char *policy, const struct crl_tally *t, bool durable) CRL_MUST_CHECK;

/* What has been seen. @ret  begun by this. Returns 0; -ENOENT nothing; -EBADMSG; -errno. */
int crl_tally_read(int dir, const char *policy, struct crl_tally *ret) CRL_MUST_CHECK;

/* Forget it. Returns 0 or -errno. */
int crl_tally_forget(int dir, const char *policy) CRL_MUST_CHECK;
