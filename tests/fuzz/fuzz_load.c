// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as a configuration file: no crash, no leak, an error that equals its record, and what is accepted
 * dumps to a text that is accepted again with the same dump. The same bytes name the user of its templates.
 */
#include <stdint.h>
#include <string.h>

#include "base/path.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "tests/unit/policy/lsan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the user is called, each path that comes out is one, and nothing is left to expand but per cent signs. */
static void check_expansion(struct crl_policy *p, const char *bytes, size_t size)
{
	struct crl_login login = {.uid = 1000, .service = "s"};
	const struct crl_facts facts = {.login = &login, .host = "h.x", .group = login.user};
	size_t len = size < sizeof(login.user) - 1 ? size : sizeof(login.user) - 1;
	struct crl_err err = {0};

	memcpy(login.user, bytes + size - len, len);
	if (crl_expand_policy(p, &facts, &err) != -err.code)
		abort();
	for (size_t i = 0; err.code == 0 && i < p->hide.len; i++)
		if (crl_path_fault(p->hide.item[i]))
			abort();
}

/* The dump of policy "p", or NULL. @ret_budget  what it shares, "" = nothing */
static char *dump_of(const char *bytes, size_t size, char ret_budget[CRL_BUDGET_NAME_MAX])
{
	scoped_free char *text = malloc(size + 1);
	scoped(crl_policy) p = {0};
	struct crl_source *s = NULL;
	struct crl_config *c = NULL;
	struct crl_err err = {0};
	char *dump = NULL;
	int rc;

	if (!text)
		return NULL;
	memcpy(text, bytes, size);
	text[size] = '\0';
	rc = crl_source_parse("fuzz", text, size, &s, &err);
	if (rc == 0)
		rc = crl_config_from_source(s, &c, &err);
	if (rc == 0)
		rc = crl_config_policy(c, "p", &p, &err);
	if (rc == 0) {
		rc = crl_policy_dump(&p, &dump);
		memcpy(ret_budget, p.budget, sizeof(p.budget));
	}
	if (rc == 0)
		check_expansion(&p, bytes, size);
	if (rc != -err.code)
		abort();
	crl_config_free(c);
	return dump;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char budget[CRL_BUDGET_NAME_MAX] = "";
	scoped_free char *first = dump_of((const char *)data, size, budget);
	scoped_free char *whole = NULL;
	scoped_free char *second = NULL;

	if (!first)
		return 0;
	/* A policy names its budget, and does not hold it. */
	if (asprintf(&whole, "budgets = { %s%s }; policies = { p = {\n%s}; };\n", budget,
		     budget[0] ? " = { tasks = 9; };" : "", first) < 0)
		return 0;
	second = dump_of(whole, strlen(whole), budget);
	if (!second || strcmp(first, second) != 0)
		abort();
	return 0;
}
