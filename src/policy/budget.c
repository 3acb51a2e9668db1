// SPDX-License-Identifier: Apache-2.0
/* See budget.h. */
#include "policy/budget.h"

#include <string.h>

#include "base/nearest.h"
#include "policy/keys/keys.h"

bool crl_budget_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < CRL_BUDGET_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static const struct crl_budget *find(const struct crl_config *c, const char *name)
{
	for (size_t i = 0; i < c->budget_len; i++)
		if (strcmp(c->budget[i].name, name) == 0)
			return &c->budget[i];
	return NULL;
}

const struct crl_limits *crl_config_budget(const struct crl_config *c, const char *name)
{
	const struct crl_budget *b = find(c, name);

	return b ? &b->limits : NULL;
}

static int refuse(const struct crl_budget *b, struct crl_err *err, const char *text)
{
	return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, b->file, b->line, "budgets.%s: %s", b->name, text);
}

static int read_limits(struct crl_budget *b, config_setting_t *group, struct crl_err *err)
{
	char shown[CRL_BUDGET_NAME_MAX + sizeof("budgets..")];
	struct crl_keys_ctx ctx = {.scope = CRL_KEYS_BUDGET,
				   .file = b->file,
				   .object = &b->limits,
				   .err = err,
				   .prefix = "",
				   .shown = shown};
	int rc;

	(void)snprintf(shown, sizeof(shown), "budgets.%s.", b->name);
	rc = crl_limits_init(&b->limits);
	if (rc < 0)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	rc = crl_keys_apply(&ctx, group);
	if (rc < 0)
		return rc;
	if (!crl_limits_any(&b->limits))
		return refuse(b, err, "limits nothing, expected cpu, memory, tasks or another limit");
	for (size_t i = 0; i < b->limits.io_len; i++) {
		if (strchr(b->limits.io[i].path, '%')) {
			return refuse(b, err,
				      "io.path has a per cent sign, expected a path for all who share the budget");
		}
	}
	if (crl_limits_high_is_above(&b->limits))
		return refuse(b, err, "memory_high is above memory");
	return 0;
}

static int add_budget(struct crl_config *c, const struct crl_source *s, config_setting_t *group, struct crl_err *err)
{
	struct crl_budget b = {
		.name = config_setting_name(group), .file = s->path, .line = (int)config_setting_source_line(group)};
	const struct crl_budget *other = find(c, b.name);
	struct crl_budget *grown;

	if (!crl_budget_name_is_valid(b.name)) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, b.file, b.line,
				  "budgets: found the name \"%.60s\", expected at most %d of a-z, 0-9 and \"_\"",
				  b.name, CRL_BUDGET_NAME_MAX - 1);
	}
	if (!config_setting_is_group(group))
		return refuse(&b, err, "expected a group { }");
	if (other) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, b.file, b.line,
				  "budgets.%s: also defined at %s:%d, expected one place", b.name, other->file,
				  other->line);
	}
	grown = reallocarray(c->budget, c->budget_len + 1, sizeof(*grown));
	if (!grown)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	c->budget = grown;
	c->budget[c->budget_len] = b;
	return read_limits(&c->budget[c->budget_len++], group, err);
}

int crl_budgets_add(struct crl_config *c, const struct crl_source *s, config_setting_t *budgets, struct crl_err *err)
{
	int rc = 0;

	for (int i = 0; budgets && i < config_setting_length(budgets) && rc == 0; i++)
		rc = add_budget(c, s, config_setting_get_elem(budgets, (unsigned int)i), err);
	return rc;
}

int crl_budget_refuse(const struct crl_config *c, const char *name, struct crl_err *err)
{
	struct crl_nearest nearest;
	char hint[CRL_NEAREST_HINT];

	crl_nearest_begin(&nearest, name);
	for (size_t i = 0; i < c->budget_len; i++)
		crl_nearest_offer(&nearest, c->budget[i].name);
	return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG,
			   "limits.budget: found \"%s\", expected one of budgets in the configuration%s", name,
			   crl_nearest_hint(&nearest, hint, sizeof(hint)));
}
