// SPDX-License-Identifier: Apache-2.0
/* From a name to the chain of its parents; see chain.h. */
#include "policy/file/chain.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/dir.h"
#include "base/nearest.h"
#include "base/parse.h"
#include "policy/keys/keys.h"

void crl_chain_done(struct crl_chain *c)
{
	for (size_t i = 0; i < c->loaded_len; i++)
		crl_source_free(c->loaded[i]);
}

/* Tell where the missing or doubled name was asked for: the last link's inherit, or nowhere. */
CRL_PRINTF(4, 5)
static int refuse_name(const struct crl_chain *c, int code, struct crl_err *err, const char *fmt, ...)
{
	const struct crl_link *last = c->len > 0 ? &c->link[c->len - 1] : NULL;
	char text[CRL_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!last || !last->inherit)
		return crl_err_set(err, code, CRL_STAGE_CONFIG, "%s", text);
	return crl_err_at(err, code, CRL_STAGE_CONFIG, last->file, (int)config_setting_source_line(last->inherit),
			  "inherit: %s", text);
}

static int refuse_loop(const struct crl_chain *c, const char *name, struct crl_err *err)
{
	char text[200] = "";

	for (size_t i = 0; i < c->len; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s > ", c->link[i].name);
	}
	return refuse_name(c, ELOOP, err, "found a circle: %s%s", text, name);
}

static void offer_shipped(const struct crl_config *config, struct crl_nearest *nearest)
{
	char name[PATH_MAX];
	scoped(crl_dir) dir = {0};

	(void)snprintf(name, sizeof(name), "%s/policies", crl_config_data_dir(config));
	(void)crl_dir_follow(AT_FDCWD, name, &dir); /* a hint less */
	for (const char *file; (file = crl_dir_next(&dir));) {
		if (crl_config_is_dropin(file)) {
			(void)snprintf(name, sizeof(name), "%.*s", (int)strlen(file) - 5, file);
			crl_nearest_offer(nearest, name);
		}
	}
}

static int refuse_missing(const struct crl_config *config, const struct crl_chain *c, const char *name,
			  struct crl_err *err)
{
	struct crl_nearest nearest;
	char hint[CRL_NEAREST_HINT];

	crl_nearest_begin(&nearest, name);
	for (size_t i = 0; i < config->source_len; i++) {
		config_setting_t *group = config->source[i]->policies;

		for (int j = 0; group && j < config_setting_length(group); j++) {
			crl_nearest_offer(&nearest,
					  config_setting_name(config_setting_get_elem(group, (unsigned int)j)));
		}
	}
	offer_shipped(config, &nearest);
	return refuse_name(c, ENOENT, err, "no policy \"%s\" in the configuration or in %s/policies%s", name,
			   crl_config_data_dir(config), crl_nearest_hint(&nearest, hint, sizeof(hint)));
}

/* A shipped file holds the one policy that it is named after. */
static int check_shipped(const struct crl_source *s, const char *name, struct crl_top *top, struct crl_err *err)
{
	struct crl_keys_ctx ctx = {
		.scope = CRL_KEYS_TOP, .file = s->path, .object = top, .err = err, .prefix = "", .shown = ""};
	int rc = crl_keys_apply(&ctx, config_root_setting(&s->cfg));
	config_setting_t *only;

	if (rc < 0)
		return rc;
	only = top->policies && config_setting_length(top->policies) == 1 ? config_setting_get_elem(top->policies, 0)
									  : NULL;
	if (top->rules || top->budgets || top->acknowledged || top->data_dir || top->store || top->cgroup_root ||
	    top->manager != CRL_MANAGER_AUTO || top->language != CRL_LANGUAGE_EN || top->contact || !only ||
	    strcmp(config_setting_name(only), name) != 0 || !config_setting_is_group(only)) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, s->path, 0,
				  "expected nothing but policies = { %s = { ... }; };", name);
	}
	return 0;
}

static int load_shipped(const struct crl_config *config, const char *name, struct crl_chain *c, struct crl_err *err)
{
	struct crl_source *s = NULL;
	struct crl_top top = {0};
	char path[PATH_MAX];
	int rc;

	(void)snprintf(path, sizeof(path), "%s/policies/%s.conf", crl_config_data_dir(config), name);
	rc = crl_source_load(path, &s, err);
	if (rc == -ENOENT)
		return refuse_missing(config, c, name, err);
	if (rc < 0)
		return rc;
	c->loaded[c->loaded_len++] = s;
	rc = check_shipped(s, name, &top, err);
	crl_top_done(&top);
	if (rc < 0)
		return rc;
	c->link[c->len++] = (struct crl_link){
		.name = config_setting_name(config_setting_get_elem(top.policies, 0)),
		.group = config_setting_get_elem(top.policies, 0),
		.file = s->path,
	};
	return 0;
}

static int add_link(const struct crl_config *config, const char *name, struct crl_chain *c, struct crl_err *err)
{
	for (size_t i = 0; i < c->len; i++)
		if (strcmp(c->link[i].name, name) == 0)
			return refuse_loop(c, name, err);
	if (c->len == CRL_CHAIN_MAX) {
		return refuse_name(c, ELOOP, err, "found more than %d policies that inherit from each other",
				   CRL_CHAIN_MAX);
	}
	for (size_t i = 0; i < config->source_len; i++) {
		const struct crl_source *s = config->source[i];
		config_setting_t *group = s->policies ? config_setting_get_member(s->policies, name) : NULL;

		if (group) {
			c->link[c->len++] = (struct crl_link){config_setting_name(group), group, s->path, NULL};
			return 0;
		}
	}
	return load_shipped(config, name, c, err);
}

int crl_chain_build(const struct crl_config *config, const char *name, struct crl_chain *c, struct crl_err *err)
{
	while (name) {
		struct crl_link *link;
		int rc;

		/* The name becomes part of a path; a wrong type or form is told when the keys are read. */
		if (!crl_name_is_valid(name, CRL_POLICY_NAME_MAX))
			return refuse_name(c, EINVAL, err, "found \"%.60s\", expected the name of a policy", name);
		rc = add_link(config, name, c, err);
		if (rc < 0)
			return rc;
		link = &c->link[c->len - 1];
		link->inherit = config_setting_get_member(link->group, "inherit");
		name = link->inherit ? config_setting_get_string(link->inherit) : NULL;
	}
	return 0;
}
