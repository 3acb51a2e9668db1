// SPDX-License-Identifier: Apache-2.0
/* From a name to an effective policy: the chain of parents, then every key from the oldest to the youngest.
 */
#include <limits.h>
#include <string.h>

#include "base/parse.h"
#include "policy/keys.h"
#include "policy/load.h"
#include "policy/source.h"

#define CHAIN_MAX   16
#define EXTENDS_MAX 1024

struct link {
	const char *name;
	config_setting_t *group;
	const char *file;
	config_setting_t *inherit; /* the setting that named this link's parent, or NULL */
};

/* Youngest first. */
struct chain {
	struct link link[CHAIN_MAX];
	size_t len;
	struct crl_source *loaded[CHAIN_MAX]; /* shipped policies; they live as long as the chain */
	size_t loaded_len;
};

static void chain_done(struct chain *c)
{
	for (size_t i = 0; i < c->loaded_len; i++) {
		crl_source_free(c->loaded[i]);
	}
}

/* Tell where the missing or doubled name was asked for: the last link's inherit, or nowhere. */
CRL_PRINTF(4, 5)
static int refuse_name(const struct chain *c, int code, struct crl_err *err, const char *fmt, ...)
{
	const struct link *last = c->len > 0 ? &c->link[c->len - 1] : NULL;
	char text[CRL_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!last || !last->inherit) {
		return crl_err_set(err, code, CRL_STAGE_CONFIG, "%s", text);
	}
	return crl_err_at(err, code, CRL_STAGE_CONFIG, last->file,
			  (int)config_setting_source_line(last->inherit), "inherit: %s", text);
}

static int refuse_loop(const struct chain *c, const char *name, struct crl_err *err)
{
	char text[200] = "";

	for (size_t i = 0; i < c->len; i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s > ", c->link[i].name);
	}
	return refuse_name(c, ELOOP, err, "found a circle: %s%s", text, name);
}

static int refuse_missing(const struct crl_config *config, const struct chain *c, const char *name,
			  struct crl_err *err)
{
	const char *nearest = NULL;
	size_t best = strlen(name) / 3 + 2;

	for (size_t i = 0; i < config->source_len; i++) {
		config_setting_t *group = config->source[i]->policies;

		for (int j = 0; group && j < config_setting_length(group); j++) {
			const char *known =
				config_setting_name(config_setting_get_elem(group, (unsigned int)j));
			size_t distance = crl_text_distance(name, known);

			if (distance < best) {
				best = distance;
				nearest = known;
			}
		}
	}
	return refuse_name(c, ENOENT, err, "no policy \"%s\" in the configuration or in %s/policies%s%s%s",
			   name, crl_config_data_dir(config), nearest ? " (did you mean \"" : "",
			   nearest ? nearest : "", nearest ? "\"?)" : "");
}

/* A shipped file holds the one policy that it is named after. */
static int check_shipped(const struct crl_source *s, const char *name, struct crl_top *top,
			 struct crl_err *err)
{
	struct crl_keys_ctx ctx = {
		.scope = CRL_KEYS_TOP, .file = s->path, .object = top, .err = err, .prefix = "", .shown = ""};
	int rc = crl_keys_apply(&ctx, config_root_setting(&s->cfg));
	config_setting_t *only;

	if (rc < 0) {
		return rc;
	}
	only = top->policies && config_setting_length(top->policies) == 1
		       ? config_setting_get_elem(top->policies, 0)
		       : NULL;
	if (top->rules || top->budgets || top->data_dir || top->cgroup_root || top->manager != CRL_MANAGER_AUTO || !only ||
	    strcmp(config_setting_name(only), name) != 0 || !config_setting_is_group(only)) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, s->path, 0,
				  "expected nothing but policies = { %s = { … }; };", name);
	}
	return 0;
}

static int load_shipped(const struct crl_config *config, const char *name, struct chain *c,
			struct crl_err *err)
{
	struct crl_source *s = NULL;
	struct crl_top top = {0};
	char path[PATH_MAX];
	int rc;

	(void)snprintf(path, sizeof(path), "%s/policies/%s.conf", crl_config_data_dir(config), name);
	rc = crl_source_load(path, &s, err);
	if (rc == -ENOENT) {
		return refuse_missing(config, c, name, err);
	}
	if (rc < 0) {
		return rc;
	}
	c->loaded[c->loaded_len++] = s;
	rc = check_shipped(s, name, &top, err);
	free(top.data_dir);
	free(top.cgroup_root);
	if (rc < 0) {
		return rc;
	}
	c->link[c->len++] = (struct link){
		.name = config_setting_name(config_setting_get_elem(top.policies, 0)),
		.group = config_setting_get_elem(top.policies, 0),
		.file = s->path,
	};
	return 0;
}

static int add_link(const struct crl_config *config, const char *name, struct chain *c, struct crl_err *err)
{
	for (size_t i = 0; i < c->len; i++) {
		if (strcmp(c->link[i].name, name) == 0) {
			return refuse_loop(c, name, err);
		}
	}
	if (c->len == CHAIN_MAX) {
		return refuse_name(c, ELOOP, err, "found more than %d policies that inherit from each other",
				   CHAIN_MAX);
	}
	for (size_t i = 0; i < config->source_len; i++) {
		const struct crl_source *s = config->source[i];
		config_setting_t *group = s->policies ? config_setting_get_member(s->policies, name) : NULL;

		if (group) {
			c->link[c->len++] = (struct link){config_setting_name(group), group, s->path, NULL};
			return 0;
		}
	}
	return load_shipped(config, name, c, err);
}

static int build_chain(const struct crl_config *config, const char *name, struct chain *c,
		       struct crl_err *err)
{
	while (name) {
		struct link *link;
		int rc;

		/* The name becomes part of a path; a wrong type or form is told when the keys are read. */
		if (!crl_name_is_valid(name, CRL_POLICY_NAME_MAX)) {
			return refuse_name(c, EINVAL, err, "found \"%.60s\", expected the name of a policy",
					   name);
		}
		rc = add_link(config, name, c, err);
		if (rc < 0) {
			return rc;
		}
		link = &c->link[c->len - 1];
		link->inherit = config_setting_get_member(link->group, "inherit");
		name = link->inherit ? config_setting_get_string(link->inherit) : NULL;
	}
	return 0;
}

/* Rules across keys, with the place where the key to blame was last set, or else where the policy begins. */
static int check_across(const struct crl_config *config, const struct crl_policy *p, const struct chain *c,
			const struct crl_where *where, struct crl_err *err)
{
	struct crl_err found = {0};
	const char *path = NULL;
	struct crl_where at = {
		.file = c->link[0].file,
		.line = (int)config_setting_source_line(c->link[0].group),
	};
	int rc = crl_policy_check(p, &path, &found);
	const struct crl_key *key;

	if (rc == 0 && p->budget[0] && !crl_config_budget(config, p->budget)) {
		path = "limits.budget";
		rc = crl_err_set(&found, EINVAL, CRL_STAGE_CONFIG,
				 "%s: found \"%s\", expected one of budgets in the configuration", path, p->budget);
	}
	if (rc == 0) {
		return 0;
	}
	key = path ? crl_key_find(CRL_KEYS_POLICY, path) : NULL;
	if (key && where[key - crl_keys].file) {
		at = where[key - crl_keys];
	}
	return crl_err_at(err, found.code, CRL_STAGE_CONFIG, at.file, at.line, "policy \"%s\": %s", p->name,
			  found.text);
}

static int evaluate(const struct crl_config *c, const char *name, struct chain *chain, struct crl_where *where,
		    struct crl_policy *ret, struct crl_err *err)
{
	int rc = crl_policy_init(ret);

	if (rc < 0) {
		return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	}
	rc = build_chain(c, name, chain, err);
	for (size_t i = chain->len; i > 0 && rc == 0; i--) {
		const struct crl_keys_ctx ctx = {
			.scope = CRL_KEYS_POLICY,
			.file = chain->link[i - 1].file,
			.policy = chain->link[i - 1].name,
			.where = where,
			.object = ret,
			.err = err,
			.prefix = "",
			.shown = "",
		};

		rc = crl_keys_apply(&ctx, chain->link[i - 1].group);
	}
	if (rc < 0) {
		return rc;
	}
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	return check_across(c, ret, chain, where, err);
}

int crl_config_policy(const struct crl_config *c, const char *name, struct crl_policy *ret,
		      struct crl_err *err)
{
	struct crl_where where[CRL_KEYS_MAX] = {0};
	scoped(chain) chain = {.len = 0};

	return evaluate(c, name, &chain, where, ret, err);
}

static void add_place(char text[EXTENDS_MAX], const struct link *link, config_setting_t *setting)
{
	size_t len = strlen(text);

	if (link) {
		(void)snprintf(text + len, EXTENDS_MAX - len, "%s%s %s:%u", len > 0 ? ", " : "", link->name, link->file,
			       config_setting_source_line(setting));
	} else {
		(void)snprintf(text + len, EXTENDS_MAX - len, "%s(default)", len > 0 ? ", " : "");
	}
}

/* The places that gave a list its earlier items: all but the youngest, down to the one that replaced the list. */
static void find_extended(const struct chain *c, const struct crl_key *key, char ret[EXTENDS_MAX])
{
	size_t found = 0;
	char twin[160];

	ret[0] = '\0';
	(void)snprintf(twin, sizeof(twin), "%s_add", key->path);
	for (size_t i = 0; i < c->len; i++) {
		config_setting_t *added = config_setting_lookup(c->link[i].group, twin);
		config_setting_t *plain = config_setting_lookup(c->link[i].group, key->path);

		if (added && found++ > 0) {
			add_place(ret, &c->link[i], added);
		}
		if (plain && found++ > 0) {
			add_place(ret, &c->link[i], plain);
		}
		if (plain) {
			return;
		}
	}
	if (found > 0) {
		add_place(ret, NULL, NULL);
	}
}

int crl_config_explain(const struct crl_config *c, const char *name, const struct crl_facts *facts,
		       crl_explain_value *each, void *arg, struct crl_err *err)
{
	struct crl_where where[CRL_KEYS_MAX] = {0};
	scoped(chain) chain = {.len = 0};
	scoped(crl_policy) p = {0};
	int rc = evaluate(c, name, &chain, where, &p, err);

	if (rc == 0 && facts) {
		rc = crl_policy_expand(&p, facts, err);
	}
	for (size_t i = 0; i < crl_keys_len && rc == 0; i++) {
		scoped_free char *text = NULL;
		char extends[EXTENDS_MAX] = "";

		if (crl_keys[i].scope != CRL_KEYS_POLICY || crl_keys[i].type == CRL_KEY_GROUP) {
			continue;
		}
		rc = crl_policy_value(&p, &crl_keys[i], &text);
		if (rc < 0) {
			return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
		}
		if (crl_key_is_list(&crl_keys[i])) {
			find_extended(&chain, &crl_keys[i], extends);
		}
		if (text) {
			each(arg, &(struct crl_explained){.path = crl_keys[i].path,
							  .value = text,
							  .doc = crl_keys[i].doc,
							  .policy = where[i].policy,
							  .file = where[i].file,
							  .line = where[i].line,
							  .extends = extends});
		}
	}
	return rc;
}

int crl_config_parent(const struct crl_config *c, const char *name, char ret[CRL_POLICY_NAME_MAX])
{
	scoped(chain) chain = {.len = 0};

	if (build_chain(c, name, &chain, NULL) < 0 || chain.len < 2) {
		return -ENOENT;
	}
	(void)snprintf(ret, CRL_POLICY_NAME_MAX, "%s", chain.link[1].name);
	return 0;
}

/* Is the policy one of the configuration itself, or named by one of the first @rules rules? */
static bool is_told(const struct crl_config *c, const char *name, size_t rules)
{
	for (size_t i = 0; i < c->source_len; i++) {
		if (c->source[i]->policies && config_setting_get_member(c->source[i]->policies, name)) {
			return true;
		}
	}
	for (size_t i = 0; i < rules; i++) {
		if (strcmp(c->rules.item[i].policy, name) == 0) {
			return true;
		}
	}
	return false;
}

const char *crl_config_policy_name(const struct crl_config *c, size_t i)
{
	for (size_t s = 0; s < c->source_len; s++) {
		config_setting_t *group = c->source[s]->policies;
		size_t len = group ? (size_t)config_setting_length(group) : 0;

		if (i < len) {
			return config_setting_name(config_setting_get_elem(group, (unsigned int)i));
		}
		i -= len;
	}
	for (size_t r = 0; r < c->rules.len; r++) {
		const char *name = c->rules.item[r].policy;

		if (!is_told(c, name, r) && i-- == 0) {
			return name;
		}
	}
	return NULL;
}

static int check_one(const struct crl_config *c, const char *name, struct crl_err *err)
{
	scoped(crl_policy) p = {0};

	return crl_config_policy(c, name, &p, err);
}

int crl_config_check_all(const struct crl_config *c, struct crl_err *err)
{
	for (size_t i = 0; i < c->source_len; i++) {
		config_setting_t *group = c->source[i]->policies;

		for (int j = 0; group && j < config_setting_length(group); j++) {
			int rc = check_one(
				c, config_setting_name(config_setting_get_elem(group, (unsigned int)j)), err);

			if (rc < 0) {
				return rc;
			}
		}
	}
	for (size_t i = 0; i < c->rules.len; i++) {
		const struct crl_rule *rule = &c->rules.item[i];
		struct crl_err found = {0};
		int rc = check_one(c, rule->policy, &found);

		if (rc < 0 && !found.file[0]) {
			return crl_err_at(err, -rc, CRL_STAGE_CONFIG, rule->file, rule->line,
					  "rules.policy: %s", found.text);
		}
		if (rc < 0) {
			if (err) {
				*err = found;
			}
			return rc;
		}
	}
	return 0;
}
