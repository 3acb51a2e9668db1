// SPDX-License-Identifier: Apache-2.0
/*
 * The records between `carrel`, which a user runs in a room, and the keeper of their home; docs/protocol.md is their
 * contract.
 *
 * Runs in: carrel (the user's), carrel-keeper (the user's as well, without any power). One record is one SOCK_SEQPACKET
 * message.
 * Trusts: nothing that comes in.
 *
 *   room -> keeper   ASK    number: what (enum crl_wish_ask); text: a snapshot's name, else nothing
 *   keeper -> room   TEXT   a piece of the answer, as often as there is one
 *   keeper -> room   DONE   number: exit status; text: the last line, or nothing
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_KEEPER_PROGRAM "carrel-keeper" /* its processes are called that, a colon, and their room's id */
#define CRL_WISH_DIR "carrel" /* below a room's /run */
#define CRL_WISH_SOCKET "home.sock"
#define CRL_WISH_MAGIC 0x4e524357u /* "WCRN" */
#define CRL_WISH_VERSION 1
#define CRL_WISH_TEXT_MAX 8192 /* bytes of one record, with the NUL behind them */
#define CRL_WISH_NAME_MAX 65 /* of a snapshot, with its NUL */

enum crl_wish_type {
	CRL_WISH_ASK = 1,
	CRL_WISH_TEXT,
	CRL_WISH_DONE,
};

enum crl_wish_ask {
	CRL_WISH_DIFF = 1,
	CRL_WISH_DISCARD,
	CRL_WISH_KEEP,
	CRL_WISH_SNAPSHOT, /* the only one with a name */
	CRL_WISH_SNAPSHOTS,
	CRL_WISH_ASK_COUNT
};

struct crl_wish_record {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	int32_t number;
	char text[CRL_WISH_TEXT_MAX]; /* terminated; what is sent ends with its NUL */
};

/*
 * Can that be a snapshot's name? 1 to 64 letters, digits and ._-, the first of them a letter or a digit: it is shown,
 * written in a line of a file and typed in a shell.
 */
bool crl_wish_is_name(const char *name);

/*
 * Send one record without waiting.
 * @text  at most CRL_WISH_TEXT_MAX bytes with its NUL
 * Never raises SIGPIPE. Errors: -EAGAIN the other side does not read; -EPIPE; -E2BIG; -errno.
 */
int crl_wish_send(int conn, enum crl_wish_type type, int number, const char *text) CRL_MUST_CHECK;

/*
 * Is a record of @size bytes whole: magic, version, a type and a number that there are, one text, and it ends where it
 * ends? Errors: -EBADMSG, -EPROTONOSUPPORT another version.
 */
int crl_wish_check(const struct crl_wish_record *r, size_t size) CRL_MUST_CHECK;

/*
 * Take and check one that is there.
 * Errors: -EAGAIN nothing is there; -EPIPE the other side is gone; -EBADMSG not what may come, a descriptor with it for
 * instance, which is closed; as crl_wish_check().
 */
int crl_wish_take(int conn, struct crl_wish_record *ret) CRL_MUST_CHECK;
