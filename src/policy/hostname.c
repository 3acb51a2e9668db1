// SPDX-License-Identifier: Apache-2.0
/*
 * The room's host name from a policy's template.
 *
 * Runs in: helper, carrelctl. Trusts: nothing of user and service: only [a-z0-9-] comes out.
 */
#include "policy/template.h"

#include <string.h>

#define LABEL_MAX 63 /* one DNS label; the kernel would take 64 */

struct name {
	char text[LABEL_MAX + 1];
	size_t len;
};

static void put(struct name *n, char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
		c = '-';
	if (n->len < LABEL_MAX && !(c == '-' && n->len == 0))
		n->text[n->len++] = c;
}

int crl_expand_hostname(const char *text, const struct crl_facts *f, char *buf, size_t size, struct crl_err *err)
{
	struct name n = {.len = 0};

	for (const char *c = text; *c; c++) {
		char value[CRL_FACT_MAX];
		int rc;

		if (*c != '%' || c[1] == '%') {
			put(&n, *c);
			c += *c == '%';
			continue;
		}
		rc = crl_fact_of(f, *++c, value);
		if (rc < 0) {
			return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "hostname: %%%c %s", *c ? *c : ' ',
					   rc == -ENODATA ? "has no value for this login" : "is no template");
		}
		for (const char *v = value; *v; v++)
			put(&n, *v);
	}
	while (n.len > 0 && n.text[n.len - 1] == '-')
		n.len--;
	if (*text && n.len == 0)
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "hostname: nothing of the template can be in a name");
	if (n.len + 1 > size)
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_CONFIG, "hostname: longer than %zu bytes", size);
	memcpy(buf, n.text, n.len);
	buf[n.len] = '\0';
	return 0;
}
