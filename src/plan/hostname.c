// SPDX-License-Identifier: Apache-2.0
/*
 * The room's host name from a policy's template.
 *
 * Runs in: helper, carrelctl. Trusts: nothing of user and service: only [a-z0-9-] comes out.
 */
#include "plan/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63 /* one DNS label; the kernel would take 64 */

struct name {
	char text[LABEL_MAX + 1];
	size_t len;
};

static void put(struct name *n, const char *s, size_t len)
{
	for (size_t i = 0; i < len && n->len < LABEL_MAX; i++) {
		char c = s[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			c = '-';
		if (c == '-' && n->len == 0)
			continue;
		n->text[n->len++] = c;
	}
}

static int put_letter(struct name *n, char letter, const struct crl_login *login, const char *host)
{
	char uid[16];

	switch (letter) {
	case 'u':
		put(n, login->user, strlen(login->user));
		return 0;
	case 'U':
		put(n, uid, (size_t)snprintf(uid, sizeof(uid), "%u", login->uid));
		return 0;
	case 'h':
		put(n, host, strcspn(host, "."));
		return 0;
	case 's':
		put(n, login->service, strlen(login->service));
		return 0;
	case '%':
		put(n, "%", 1);
		return 0;
	default:
		return -EINVAL;
	}
}

int crl_hostname_expand(const char *tmpl, const struct crl_login *login, const char *host, char *buf,
			size_t size, struct crl_err *err)
{
	struct name n = {.len = 0};

	for (const char *c = tmpl; *c; c++) {
		if (*c != '%') {
			put(&n, c, 1);
			continue;
		}
		c++;
		if (!*c || put_letter(&n, *c, login, host))
			return crl_err_set(err, EINVAL, CRL_STAGE_NAMESPACE,
					   "hostname: %%%c is none of %%u %%U %%h %%s %%%%", *c ? *c : ' ');
	}
	while (n.len && n.text[n.len - 1] == '-')
		n.len--;
	if (*tmpl && !n.len)
		return crl_err_set(err, EINVAL, CRL_STAGE_NAMESPACE,
				   "hostname: nothing of the template can be in a name");
	if (n.len + 1 > size)
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_NAMESPACE, "hostname: longer than %zu bytes",
				   size);
	memcpy(buf, n.text, n.len);
	buf[n.len] = '\0';
	return 0;
}
