// SPDX-License-Identifier: Apache-2.0
/*
 * What was found of the host when it was looked through, as records in one text: each ended by NUL, a directory before
 * what is in it. Paths are relative to "/".
 *
 * Runs in: helper, the room's init (root). The text is read from files and memory that only root writes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

enum crl_public_kind {
	CRL_PUBLIC_NAMED = 'N', /* what was asked for beside the trees of every host */
	CRL_PUBLIC_TREE = 'T', /* a directory of the host's that is shown as it is, but for what is closed in it */
	CRL_PUBLIC_OPEN = 'D', /* a directory in it, or the tree itself */
	CRL_PUBLIC_GONE = 'W', /* a name that is not shown */
	CRL_PUBLIC_SHUT = 'O', /* a directory that is shown empty */
	CRL_PUBLIC_BLANK = 'B', /* a file that is shown empty: another is mounted on it */
	CRL_PUBLIC_SEEN = 'E', /* anything that a copy was made by */
};

struct crl_public_item {
	enum crl_public_kind kind;
	uint64_t ino;
	int64_t changed_ns; /* ctime; 0 = it may have changed since it was looked at */
	const char *path;
	size_t next; /* the first behind what is in it */
};

struct crl_public_list {
	struct crl_public_item *item; /* owned */
	size_t len;
	char *text; /* owned */
	int64_t whole_s; /* CLOCK_BOOTTIME: when all was looked at, whatever an older list said */
};

/* A text that grows. */
struct crl_public_text {
	char *buf; /* owned */
	size_t len, size;
	int rc; /* -ENOMEM from then on */
};

/* Begin a text, of this boot. */
void crl_public_begin(struct crl_public_text *t, int64_t whole_s);
void crl_public_put(struct crl_public_text *t, const struct crl_public_item *item);
/* What has no end was not written whole. */
void crl_public_end(struct crl_public_text *t);
void crl_public_text_done(struct crl_public_text *t);

/*
 * Take a text apart. @text is taken in any case.
 * Returns 0; -ESTALE it is of another boot; -EBADMSG; -ENOMEM. @ret is empty then.
 */
int crl_public_parse(char *text, size_t len, struct crl_public_list *ret) CRL_MUST_CHECK;
void crl_public_list_done(struct crl_public_list *list);

/* Read what a file holds, from its beginning. Returns 0, as crl_public_parse(), or -errno. */
int crl_public_read(int fd, struct crl_public_list *ret) CRL_MUST_CHECK;

/* Records of trees and of what is closed in them, alone, in memory. Returns 0 or -errno. */
int crl_public_closed(const struct crl_public_list *list, int *ret_fd) CRL_MUST_CHECK;
