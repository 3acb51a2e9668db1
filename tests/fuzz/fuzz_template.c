// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as templates and conditions of a policy, and as what a login says of itself.
 *
 * Runs in: libFuzzer only.
 */
#include <stdlib.h>

#include "base/path.h"
#include "policy/rules/condition.h"
#include "policy/template.h"
#include "tests/fuzz/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

static size_t slashes(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '/';
	return n;
}

/* A fact never adds a component, a ".." or a control character. */
static void expand(const char *text, const struct crl_facts *facts)
{
	struct crl_err err = {0}, other = {0};
	char *path = NULL, host[64];
	int rc = crl_expand_path("key", text, facts, &path, &err);

	expect(rc == -err.code);
	if (rc == 0) {
		expect(slashes(path) == slashes(text) && !crl_path_fault(path));
		for (const char *p = path; *p; p++)
			expect((unsigned char)*p >= ' ' || strchr(text, *p));
	}
	free(path);
	rc = crl_expand_hostname(text, facts, host, sizeof(host), &other);
	expect(rc == -other.code);
	expect(rc < 0 || strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(host));
}

/* What the narrow one holds for, the wide one that covers it holds for. */
static void compare(enum crl_condition kind, const char *wide, const char *narrow, const struct crl_login *login,
		    time_t now)
{
	bool holds;

	if (crl_condition_fault(kind, wide))
		return;
	holds = kind != CRL_COND_GROUP && crl_condition_holds(kind, wide, login, now);
	if (kind == CRL_COND_GROUP || kind == CRL_COND_TIME || crl_condition_fault(kind, narrow) ||
	    !crl_condition_covers(kind, wide, narrow))
		return;
	expect(holds || !crl_condition_holds(kind, narrow, login, now));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct crl_login login = {.uid = fuzz_byte(&in) | (uint32_t)fuzz_byte(&in) << 24};
	enum crl_condition kind = fuzz_byte(&in) % CRL_COND_COUNT;
	char text[256], narrow[256], host[256], group[256];
	const struct crl_facts facts = {.login = &login, .host = host, .group = group};

	fuzz_text(&in, text, sizeof(text));
	fuzz_text(&in, narrow, sizeof(narrow));
	fuzz_text(&in, login.user, sizeof(login.user));
	fuzz_text(&in, login.service, sizeof(login.service));
	fuzz_text(&in, login.rhost, sizeof(login.rhost));
	fuzz_text(&in, login.tty, sizeof(login.tty));
	fuzz_text(&in, host, sizeof(host));
	fuzz_text(&in, group, sizeof(group));
	if (!crl_template_fault(text, CRL_LETTERS_LOGIN))
		expand(text, &facts);
	compare(kind, text, narrow, &login, (time_t)login.uid);
	return 0;
}
