// SPDX-License-Identifier: Apache-2.0
/*
 * The owner record of an entry of the store: whose it is, and what it is made of.
 *
 *   owner=1  uid=N  name=TEXT  id=HEX  created=SECONDS  form=WORD  size=BYTES  inodes=N  project=N  end
 *
 * One a line, in this order, and no more. It is written by root alone, where nobody else can write.
 *
 * Runs in: helper, carrelctl (root). Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_OWNER_FILE "owner"
#define CRL_OWNER_NAME_MAX 256 /* of a user, with NUL */
#define CRL_OWNER_ID_MAX 33 /* 128 random bits in hex, with NUL */
#define CRL_OWNER_TEXT_MAX 1024

/* What keeps an entry's data, and how much that may be. Part of the record. */
enum crl_form {
	CRL_FORM_NONE, /* nothing is there yet that anybody has used */
	CRL_FORM_PLAIN, /* a directory of the store's file system, without a limit of its own */
	CRL_FORM_PROJECT, /* such a directory with a project quota */
	CRL_FORM_IMAGE, /* a file system of its own in a file */
	CRL_FORM_COUNT
};

struct crl_owner {
	uint32_t uid;
	char name[CRL_OWNER_NAME_MAX];
	char id[CRL_OWNER_ID_MAX];
	int64_t created; /* CLOCK_REALTIME seconds */
	enum crl_form form;
	uint64_t size; /* bytes that it may have; 0 = no limit of its own */
	uint64_t inodes; /* 0 = no limit of its own */
	uint32_t project; /* the project quota's id; 0 = none */
};

/* "none", "plain", "project", "image". */
const char *crl_form_name(enum crl_form form);

/*
 * @len  bytes of @text, which ends with a NUL
 * Returns 0; -EBADMSG it is no record; -EPROTONOSUPPORT it is one of another version, which another carrel has written.
 */
int crl_owner_parse(const char *text, size_t len, struct crl_owner *ret) CRL_MUST_CHECK;

/* Returns the text's bytes; -EINVAL the name could not be read back; -EOVERFLOW: CRL_OWNER_TEXT_MAX is enough. */
int crl_owner_format(const struct crl_owner *o, char *buf, size_t size) CRL_MUST_CHECK;
