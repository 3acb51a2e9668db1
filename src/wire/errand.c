// SPDX-License-Identifier: Apache-2.0
/*
 * See errand.h.
 *
 * Runs in: carrel-errand, steward. Trusts: nothing that comes in.
 * R1: a refused record leaves no descriptor open. R2: a record is taken whole or not at all.
 */
#include "wire/errand.h"

#include <errno.h>
#include <string.h>

#include "base/scope.h"

#define HEAD offsetof(struct crl_errand_record, text)

_Static_assert(CRL_ERRAND_FDS <= CRL_FDS_MAX, "a message holds them");

void crl_errand_begin(struct crl_errand_record *r, enum crl_errand_type type, int number)
{
	r->magic = CRL_ERRAND_MAGIC;
	r->version = CRL_ERRAND_VERSION;
	r->type = (uint16_t)type;
	r->number = number;
	r->words = 0;
	r->text[0] = '\0';
}

/* Bytes that the words take, which are whole. */
static size_t used(const struct crl_errand_record *r)
{
	size_t n = 0;

	for (uint32_t i = 0; i < r->words; i++)
		n += strlen(r->text + n) + 1;
	return n;
}

int crl_errand_add(struct crl_errand_record *r, const char *word)
{
	size_t at = used(r), len = strlen(word) + 1;

	if (r->words >= CRL_ERRAND_WORDS_MAX || len > sizeof(r->text) - at)
		return -E2BIG;
	memcpy(r->text + at, word, len);
	r->words++;
	return 0;
}

int crl_errand_check(struct crl_errand_record *r, size_t size, char *word[CRL_ERRAND_WORDS_MAX])
{
	size_t left = size - HEAD;
	char *p = r->text;

	if (size < HEAD || size > sizeof(*r) || r->magic != CRL_ERRAND_MAGIC)
		return -EBADMSG;
	if (r->version != CRL_ERRAND_VERSION)
		return -EPROTONOSUPPORT;
	if (r->words > CRL_ERRAND_WORDS_MAX)
		return -EBADMSG;
	for (uint32_t i = 0; i < r->words; i++) {
		size_t len = strnlen(p, left);

		if (len == left) /* no NUL */
			return -EBADMSG;
		word[i] = p;
		p += len + 1;
		left -= len + 1;
	}
	return left == 0 ? 0 : -EBADMSG; /* R2 */
}

int crl_errand_send(int conn, const struct crl_errand_record *r, const int *fd)
{
	struct iovec iov = {crl_unconst(r), HEAD + used(r)};

	return crl_fds_send(conn, &iov, 1, fd, fd ? CRL_ERRAND_FDS : 0);
}

int crl_errand_take(int conn, struct crl_errand_record *r, size_t *ret_size, struct crl_fds *ret)
{
	const struct crl_fds_rule rule = {.most = CRL_ERRAND_FDS, .cred = true};
	struct iovec iov = {r, sizeof(*r)};
	struct crl_fds got = CRL_FDS_NONE;
	ssize_t n = crl_fds_take(conn, &iov, 1, &rule, &got);

	if (n < 0)
		return (int)n;
	if (n == 0 || (got.len != 0 && got.len != CRL_ERRAND_FDS)) {
		crl_fds_done(&got); /* R1 */
		return n == 0 ? -EPIPE : -EBADMSG;
	}
	*ret_size = (size_t)n;
	*ret = got;
	return 0;
}
