// SPDX-License-Identifier: Apache-2.0
/*
 * The records between carrel-errand in a room and the steward outside; docs/protocol.md is their contract.
 *
 * Runs in: carrel-errand (the user's), steward (root). One record is one SOCK_SEQPACKET message.
 * Trusts: nothing that comes in.
 *
 *   steward -> room   HELLO                 proves nothing; what comes after it is from a process that lives
 *   room -> steward   REQUEST  words        [standard input, output, error]
 *   steward -> room   REFUSED  one text
 *   steward -> room   STARTED
 *   room -> steward   SIGNAL   number
 *   steward -> room   ENDED    number: exit status, or 128 and a signal
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "wire/fds.h"

#define CRL_ERRAND_PLACE "/run/carrel-errand" /* in a room: the directory with the socket */
#define CRL_ERRAND_SOCKET "socket"
#define CRL_ERRAND_MAGIC 0x4e524331u /* "1CRN" */
#define CRL_ERRAND_VERSION 1
#define CRL_ERRAND_FDS 3
#define CRL_ERRAND_WORDS_MAX 260 /* the two of the environment, the call and its arguments */
#define CRL_ERRAND_TEXT_MAX 16384 /* bytes of all words with their NULs */

enum crl_errand_type {
	CRL_ERRAND_HELLO = 1,
	CRL_ERRAND_REQUEST,
	CRL_ERRAND_REFUSED,
	CRL_ERRAND_STARTED,
	CRL_ERRAND_SIGNAL,
	CRL_ERRAND_ENDED,
};

/* Words of a REQUEST. */
enum { CRL_ERRAND_TERM, CRL_ERRAND_LANG, CRL_ERRAND_CALL, CRL_ERRAND_ARGS };

struct crl_errand_record {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	int32_t number;
	uint32_t words; /* in text, each with its NUL */
	char text[CRL_ERRAND_TEXT_MAX]; /* only what is used is sent */
};

/* An empty record of that type. */
void crl_errand_begin(struct crl_errand_record *r, enum crl_errand_type type, int number);

/* Append a word. Errors: -E2BIG. */
int crl_errand_add(struct crl_errand_record *r, const char *word) CRL_MUST_CHECK;

/*
 * Is a record of @size bytes whole: magic, version, exactly the words that it says, room for no more?
 * @word  CRL_ERRAND_WORDS_MAX pointers into the record
 * Errors: -EBADMSG, -EPROTONOSUPPORT another version.
 */
int crl_errand_check(struct crl_errand_record *r, size_t size, char *word[CRL_ERRAND_WORDS_MAX]) CRL_MUST_CHECK;

/* Send one. @fd  CRL_ERRAND_FDS descriptors, or NULL. Never raises SIGPIPE. Errors: -EPIPE, -EAGAIN, -errno. */
int crl_errand_send(int conn, const struct crl_errand_record *r, const int *fd) CRL_MUST_CHECK;

/*
 * Take one that is there.
 * @ret_size  its bytes, for crl_errand_check()
 * @ret       what came with it: no descriptor or CRL_ERRAND_FDS
 * Errors: -EAGAIN nothing is there; -EPIPE the other side is gone; -EBADMSG control data that is not what may come. All
 * descriptors are closed then.
 */
int crl_errand_take(int conn, struct crl_errand_record *r, size_t *ret_size, struct crl_fds *ret) CRL_MUST_CHECK;
