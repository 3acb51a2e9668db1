// SPDX-License-Identifier: Apache-2.0
/*
 * What a user wants done with their home when they have logged out everywhere: a small file in the home's data, so that
 * a keeper that is killed, or one that is not the last, leaves it to the next.
 *
 *   carrel-wishes 1
 *   snapshot NAME
 *   discard
 *   keep
 *
 * and zeros up to KEEPER_WISHES_SIZE, written over in its place: whose home is full can still wish to have it emptied.
 *
 * Runs in: carrel-keeper, as the user.
 * Trusts: nothing: the file is the user's. What is not right to its last byte is no wish.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/scope.h"
#include "wire/wish.h"

#define KEEPER_WISHES_FILE "wishes"
#define KEEPER_WISHES_MAX 8
#define KEEPER_WISHES_SIZE 1024 /* of the file */

struct keeper_wish {
	enum crl_wish_ask what; /* CRL_WISH_SNAPSHOT, _DISCARD or _KEEP */
	char name[CRL_WISH_NAME_MAX]; /* of a snapshot */
};

/* In the order in which they are to be done. */
struct keeper_wishes {
	struct keeper_wish wish[KEEPER_WISHES_MAX];
	size_t len;
};

/* Read their text. @len  bytes of @text, zeros at its end among them. Returns 0, or -EBADMSG and there are none. */
int keeper_wishes_parse(const char *text, size_t len, struct keeper_wishes *ret) CRL_MUST_CHECK;

/* Write their text, and zeros behind it. */
void keeper_wishes_print(const struct keeper_wishes *w, char buf[KEEPER_WISHES_SIZE]);

/*
 * One more. What is wanted last counts: "keep" takes "discard" back, and the other way round.
 * @name  of a snapshot, else ""
 * Returns 0, also when it was wanted already; -EEXIST a snapshot of that name was; -EUSERS there are as many as may be.
 */
int keeper_wishes_add(struct keeper_wishes *w, enum crl_wish_ask what, const char *name) CRL_MUST_CHECK;

void keeper_wishes_drop(struct keeper_wishes *w, size_t i);

/* Read the file. None is no error, nor is one that makes no sense. @data  the home's data. Errors: -errno. */
int keeper_wishes_read(int data, struct keeper_wishes *ret) CRL_MUST_CHECK;

/* Write the file, and make it when there is none: to be done early. Errors: -errno. */
int keeper_wishes_write(int data, const struct keeper_wishes *w) CRL_MUST_CHECK;

/*
 * Lock the file against keepers of other rooms that show the same home.
 * @ret  closed to unlock. Errors: -EAGAIN somebody has had it for too long; -errno.
 */
int keeper_wishes_lock(int data, int *ret) CRL_MUST_CHECK;
