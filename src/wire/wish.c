// SPDX-License-Identifier: Apache-2.0
/*
 * See wish.h.
 *
 * Runs in: carrel, carrel-keeper. Trusts: nothing that comes in.
 * R1: a record is taken whole or not at all. R2: no descriptor is taken, and none stays open.
 */
#include "wire/wish.h"

#include <errno.h>
#include <string.h>

#include "wire/fds.h"

#define HEAD offsetof(struct crl_wish_record, text)

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool crl_wish_is_name(const char *name)
{
	size_t len = strnlen(name, CRL_WISH_NAME_MAX);

	if (len == 0 || len == CRL_WISH_NAME_MAX || !is_alnum(name[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(name[i]) && !strchr("._-", name[i]))
			return false;
	return true;
}

int crl_wish_send(int conn, enum crl_wish_type type, int number, const char *text)
{
	struct crl_wish_record r = {
		.magic = CRL_WISH_MAGIC, .version = CRL_WISH_VERSION, .type = (uint16_t)type, .number = number};
	size_t len = strlen(text) + 1;
	struct iovec iov[] = {{&r, HEAD}, {crl_unconst(text), len}};

	return len > sizeof(r.text) ? -E2BIG : crl_fds_send(conn, iov, CRL_ARRAY_LEN(iov), NULL, 0);
}

static bool is_known(const struct crl_wish_record *r)
{
	switch (r->type) {
	case CRL_WISH_ASK:
		return r->number > 0 && r->number < CRL_WISH_ASK_COUNT &&
		       (r->number == CRL_WISH_SNAPSHOT ? crl_wish_is_name(r->text) : r->text[0] == '\0');
	case CRL_WISH_TEXT:
		return r->number == 0;
	case CRL_WISH_DONE:
		return r->number >= 0 && r->number <= 255;
	default:
		return false;
	}
}

int crl_wish_check(const struct crl_wish_record *r, size_t size)
{
	if (size <= HEAD || size > sizeof(*r) || r->magic != CRL_WISH_MAGIC)
		return -EBADMSG;
	if (r->version != CRL_WISH_VERSION)
		return -EPROTONOSUPPORT;
	if (strnlen(r->text, size - HEAD) != size - HEAD - 1) /* R1 */
		return -EBADMSG;
	return is_known(r) ? 0 : -EBADMSG;
}

int crl_wish_take(int conn, struct crl_wish_record *ret)
{
	const struct crl_fds_rule rule = {.most = 0}; /* R2 */
	struct iovec iov = {ret, sizeof(*ret)};
	struct crl_fds got = CRL_FDS_NONE;
	ssize_t n = crl_fds_take(conn, &iov, 1, &rule, &got);

	if (n < 0)
		return (int)n;
	crl_fds_done(&got);
	return n == 0 ? -EPIPE : crl_wish_check(ret, (size_t)n);
}
