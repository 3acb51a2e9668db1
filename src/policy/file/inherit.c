// SPDX-License-Identifier: Apache-2.0
/* From a chain of policies to an effective one: every key from the oldest to the youngest; and where each was said. */
#include <string.h>

#include "policy/budget.h"
#include "policy/file/chain.h"
#include "policy/file/load.h"
#include "policy/keys/keys.h"

#define EXTENDS_MAX 1024

/* How young what set a key last is: 0 the policy itself, then its parents; the chain's length for nobody. */
static size_t age_of(const struct crl_chain *c, const struct crl_where *where, const char *path)
{
	const struct crl_key *key = path ? crl_key_find(CRL_KEYS_POLICY, path) : NULL;

	for (size_t i = 0; key && where[key - crl_keys].file && i < c->len; i++)
		if (c->link[i].name == where[key - crl_keys].policy)
			return i;
	return c->len;
}

/*
 * A limit that a child lowers takes the threshold along that it inherits from beneath it: whoever says how much memory
 * there is means that, and not that there is a threshold above it.
 */
static void lower_high(struct crl_policy *p, const struct crl_chain *c, struct crl_where *where)
{
	const struct crl_key *high = crl_key_find(CRL_KEYS_POLICY, "limits.memory_high");
	const struct crl_key *memory = crl_key_find(CRL_KEYS_POLICY, "limits.memory");

	if (!crl_limits_high_is_above(&p->limits) || age_of(c, where, memory->path) >= age_of(c, where, high->path))
		return;
	p->limits.memory_high = p->limits.memory;
	where[high - crl_keys] = where[memory - crl_keys];
}

/* Where the younger of the two keys was set last; where the policy begins when neither was. */
static struct crl_where place_of(const struct crl_chain *c, const struct crl_where *where,
				 const struct crl_across *across)
{
	bool other = age_of(c, where, across->other) < age_of(c, where, across->key);
	const char *path = other ? across->other : across->key;

	if (age_of(c, where, path) == c->len) {
		return (struct crl_where){.file = c->link[0].file,
					  .line = (int)config_setting_source_line(c->link[0].group)};
	}
	return where[crl_key_find(CRL_KEYS_POLICY, path) - crl_keys];
}

/* Rules across keys. */
static int check_across(const struct crl_config *config, const struct crl_policy *p, const struct crl_chain *c,
			const struct crl_where *where, struct crl_err *err)
{
	struct crl_err found = {0};
	struct crl_across across = {0};
	int rc = crl_policy_check(p, &across, &found);
	struct crl_where at;

	if (rc == 0 && p->budget[0] && !crl_config_budget(config, p->budget)) {
		across = (struct crl_across){.key = "limits.budget"};
		rc = crl_budget_refuse(config, p->budget, &found);
	}
	if (rc == 0)
		return 0;
	at = place_of(c, where, &across);
	return crl_err_at(err, found.code, CRL_STAGE_CONFIG, at.file, at.line, "policy \"%s\": %s", p->name,
			  found.text);
}

/* What a policy came from. */
struct evaluation {
	struct crl_chain chain;
	struct crl_where where[CRL_KEYS_MAX];
};

static void evaluation_done(struct evaluation *e)
{
	crl_chain_done(&e->chain);
}

static int evaluate(const struct crl_config *c, const char *name, struct evaluation *e, struct crl_policy *ret,
		    struct crl_err *err)
{
	const struct crl_chain *chain = &e->chain;
	int rc = crl_policy_init(ret);

	if (rc < 0)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	rc = crl_chain_build(c, name, &e->chain, err);
	for (size_t i = chain->len; i > 0 && rc == 0; i--) {
		const struct crl_keys_ctx ctx = {
			.scope = CRL_KEYS_POLICY,
			.file = chain->link[i - 1].file,
			.policy = chain->link[i - 1].name,
			.where = e->where,
			.object = ret,
			.err = err,
			.prefix = "",
			.shown = "",
		};

		rc = crl_keys_apply(&ctx, chain->link[i - 1].group);
	}
	if (rc < 0)
		return rc;
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	lower_high(ret, chain, e->where);
	ret->seccomp.joins_users = crl_policy_owns_users(ret);
	ret->seccomp.nested = crl_policy_owns_users(ret) && ret->user_nested;
	return check_across(c, ret, chain, e->where, err);
}

int crl_config_policy(const struct crl_config *c, const char *name, struct crl_policy *ret, struct crl_err *err)
{
	scoped(evaluation) e = {.chain.len = 0};

	return evaluate(c, name, &e, ret, err);
}

static void add_place(char text[EXTENDS_MAX], const struct crl_link *link, config_setting_t *setting)
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
static void find_extended(const struct crl_chain *c, const struct crl_key *key, char ret[EXTENDS_MAX])
{
	size_t found = 0;
	char twin[160];

	ret[0] = '\0';
	(void)snprintf(twin, sizeof(twin), "%s_add", key->path);
	for (size_t i = 0; i < c->len; i++) {
		config_setting_t *added = config_setting_lookup(c->link[i].group, twin);
		config_setting_t *plain = config_setting_lookup(c->link[i].group, key->path);

		if (added && found++ > 0)
			add_place(ret, &c->link[i], added);
		if (plain && found++ > 0)
			add_place(ret, &c->link[i], plain);
		if (plain)
			return;
	}
	if (found > 0)
		add_place(ret, NULL, NULL);
}

int crl_config_explain(const struct crl_config *c, const char *name, const struct crl_explain_to *to,
		       struct crl_err *err)
{
	scoped(evaluation) e = {.chain.len = 0};
	scoped(crl_policy) p = {0};
	int rc = evaluate(c, name, &e, &p, err);

	if (rc == 0 && to->facts)
		rc = crl_expand_policy(&p, to->facts, err);
	for (size_t i = 0; i < crl_keys_len && rc == 0; i++) {
		scoped_free char *text = NULL;
		char extends[EXTENDS_MAX] = "";

		if (!crl_key_is_setting(&crl_keys[i]))
			continue;
		rc = crl_policy_value(&p, &crl_keys[i], &text);
		if (rc < 0)
			return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
		if (crl_key_is_list(&crl_keys[i]))
			find_extended(&e.chain, &crl_keys[i], extends);
		if (text) {
			to->each(to->arg, &(struct crl_explained){.path = crl_keys[i].path,
								  .value = text,
								  .doc = crl_keys[i].doc,
								  .policy = e.where[i].policy,
								  .file = e.where[i].file,
								  .line = e.where[i].line,
								  .extends = extends});
		}
	}
	return rc;
}

static bool has_text(config_setting_t *s, const char *text)
{
	const char *own = config_setting_get_string(s);

	if (own)
		return strcmp(own, text) == 0;
	for (int i = 0; config_setting_is_group(s) && i < config_setting_length(s); i++)
		if (has_text(config_setting_get_elem(s, (unsigned int)i), text))
			return true;
	return false;
}

static bool find_item(const struct crl_link *link, const char *path, const char *text, struct crl_item_place *ret)
{
	config_setting_t *list = config_setting_lookup(link->group, path);

	if (!list || config_setting_is_group(list))
		return false;
	for (int i = 0; i < config_setting_length(list); i++) {
		config_setting_t *item = config_setting_get_elem(list, (unsigned int)i);

		if (!has_text(item, text))
			continue;
		(void)snprintf(ret->file, sizeof(ret->file), "%s", link->file);
		ret->line = (int)config_setting_source_line(item);
		return true;
	}
	return false;
}

bool crl_config_find_item(const struct crl_config *c, const char *name, const char *path, const char *text,
			  struct crl_item_place *ret)
{
	scoped(crl_chain) chain = {.len = 0};
	char twin[160];

	(void)snprintf(twin, sizeof(twin), "%s_add", path);
	if (crl_chain_build(c, name, &chain, NULL) < 0)
		return false;
	for (size_t i = 0; i < chain.len; i++)
		if (find_item(&chain.link[i], twin, text, ret) || find_item(&chain.link[i], path, text, ret))
			return true;
	return false;
}

int crl_config_parent(const struct crl_config *c, const char *name, char ret[CRL_POLICY_NAME_MAX])
{
	scoped(crl_chain) chain = {.len = 0};

	if (crl_chain_build(c, name, &chain, NULL) < 0 || chain.len < 2)
		return -ENOENT;
	(void)snprintf(ret, CRL_POLICY_NAME_MAX, "%s", chain.link[1].name);
	return 0;
}

/* Is the policy one of the configuration itself, or named by one of the first @rules rules? */
static bool is_told(const struct crl_config *c, const char *name, size_t rules)
{
	for (size_t i = 0; i < c->source_len; i++)
		if (c->source[i]->policies && config_setting_get_member(c->source[i]->policies, name))
			return true;
	for (size_t i = 0; i < rules; i++)
		if (strcmp(c->rules.item[i].policy, name) == 0)
			return true;
	return false;
}

const char *crl_config_policy_name(const struct crl_config *c, size_t i)
{
	for (size_t s = 0; s < c->source_len; s++) {
		config_setting_t *group = c->source[s]->policies;
		size_t len = group ? (size_t)config_setting_length(group) : 0;

		if (i < len)
			return config_setting_name(config_setting_get_elem(group, (unsigned int)i));
		i -= len;
	}
	for (size_t r = 0; r < c->rules.len; r++) {
		const char *name = c->rules.item[r].policy;

		if (!is_told(c, name, r) && i-- == 0)
			return name;
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
			int rc =
				check_one(c, config_setting_name(config_setting_get_elem(group, (unsigned int)j)), err);

			if (rc < 0)
				return rc;
		}
	}
	for (size_t i = 0; i < c->rules.len; i++) {
		const struct crl_rule *rule = &c->rules.item[i];
		struct crl_err found = {0};
		int rc = check_one(c, rule->policy, &found);

		if (rc < 0 && !found.file[0]) {
			return crl_err_at(err, -rc, CRL_STAGE_CONFIG, rule->file, rule->line, "rules.policy: %s",
					  found.text);
		}
		if (rc < 0) {
			if (err)
				*err = found;
			return rc;
		}
	}
	return 0;
}
