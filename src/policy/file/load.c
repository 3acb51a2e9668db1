// SPDX-License-Identifier: Apache-2.0
/* See load.h. */
#include "policy/file/load.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/dir.h"
#include "base/parse.h"
#include "base/path.h"
#include "policy/budget.h"
#include "policy/file/source.h"
#include "policy/keys/keys.h"

struct dropin_names {
	char **item;
	size_t len;
};

static void dropin_names_done(struct dropin_names *n)
{
	for (size_t i = 0; i < n->len; i++)
		free(n->item[i]);
	free(n->item);
}

static void rule_done(struct crl_rule *r)
{
	for (size_t i = 0; i < CRL_COND_COUNT; i++) {
		crl_strv_done(&r->is[i]);
		crl_strv_done(&r->is_not[i]);
	}
	free(r->policy);
}

void crl_config_free(struct crl_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->rules.len; i++)
		rule_done(&c->rules.item[i]);
	for (size_t i = 0; i < c->source_len; i++)
		crl_source_free(c->source[i]);
	for (size_t i = 0; i < c->budget_len; i++)
		crl_limits_done(&c->budget[i].limits);
	free(c->rules.item);
	free(c->budget);
	free(c->source);
	free(c->data_dir);
	free(c->store);
	free(c->cgroup_root);
	free(c->ipv4);
	free(c->ipv6);
	free(c->contact);
	free(c);
}

const struct crl_rules *crl_config_rules(const struct crl_config *c)
{
	return &c->rules;
}

const char *crl_config_data_dir(const struct crl_config *c)
{
	return c->data_dir ? c->data_dir : CRL_DATA_DIR;
}

const char *crl_config_store(const struct crl_config *c)
{
	return c->store ? c->store : CRL_STORE_DIR;
}

enum crl_language crl_config_language(const struct crl_config *c)
{
	return c->language;
}

const char *crl_config_contact(const struct crl_config *c)
{
	return c->contact ? c->contact : "";
}

enum crl_manager_kind crl_config_cgroup_manager(const struct crl_config *c)
{
	return c->manager;
}

const char *crl_config_cgroup_root(const struct crl_config *c)
{
	return c->cgroup_root ? c->cgroup_root : "";
}

/*
 * Above what systemd gives containers, beneath where ids would be negative: 4095 ranges.
 * Source: systemd's UIDS-GIDS.md.
 */
#define SUBIDS_FIRST 0x70000000u
#define SUBIDS_LAST 0x7ffeffffu

void crl_config_subids(const struct crl_config *c, uint32_t *ret_first, uint32_t *ret_last)
{
	*ret_first = c->subids_first ? c->subids_first : SUBIDS_FIRST;
	*ret_last = c->subids_last ? c->subids_last : SUBIDS_LAST;
}

const char *crl_config_ipv4(const struct crl_config *c)
{
	return c->ipv4 ? c->ipv4 : CRL_ADDRESSES_IPV4;
}

const char *crl_config_ipv6(const struct crl_config *c)
{
	return c->ipv6 ? c->ipv6 : CRL_ADDRESSES_IPV6;
}

const char *crl_config_acknowledged(const struct crl_config *c, size_t i, struct crl_item_place *ret)
{
	for (size_t s = 0; s < c->source_len; s++) {
		config_setting_t *list = c->source[s]->acknowledged;
		size_t len = list ? (size_t)config_setting_length(list) : 0;

		if (i < len) {
			config_setting_t *item = config_setting_get_elem(list, (unsigned int)i);

			(void)snprintf(ret->file, sizeof(ret->file), "%s", c->source[s]->path);
			ret->line = (int)config_setting_source_line(item);
			return config_setting_get_string(item) ?: "";
		}
		i -= len;
	}
	return NULL;
}

static int no_memory(struct crl_err *err)
{
	return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
}

static int line_of(config_setting_t *s)
{
	return (int)config_setting_source_line(s);
}

static int add_rule(struct crl_config *c, const struct crl_source *s, config_setting_t *group, struct crl_err *err)
{
	struct crl_rule *grown;
	struct crl_keys_ctx ctx = {
		.scope = CRL_KEYS_RULE, .file = s->path, .err = err, .prefix = "", .shown = "rules."};

	if (!config_setting_is_group(group)) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, s->path, line_of(group),
				  "rules: expected a list of groups ( { }, { } )");
	}
	grown = reallocarray(c->rules.item, c->rules.len + 1, sizeof(*grown));
	if (!grown)
		return no_memory(err);
	c->rules.item = grown;
	ctx.object = &c->rules.item[c->rules.len];
	c->rules.item[c->rules.len++] = (struct crl_rule){.file = s->path, .line = line_of(group)};
	return crl_keys_apply(&ctx, group);
}

static int add_rules(struct crl_config *c, const struct crl_source *s, config_setting_t *rules, struct crl_err *err)
{
	int rc = 0;

	for (int i = 0; rules && i < config_setting_length(rules) && rc == 0; i++)
		rc = add_rule(c, s, config_setting_get_elem(rules, (unsigned int)i), err);
	return rc;
}

/* A policy's name ends up in a file name, and stands for one policy only. */
static int check_policy(const struct crl_config *c, const struct crl_source *s, config_setting_t *p,
			struct crl_err *err)
{
	const char *name = config_setting_name(p);

	if (!crl_name_is_valid(name, CRL_POLICY_NAME_MAX)) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, s->path, line_of(p),
				  "policies: found the name \"%s\", expected at most %d letters, digits, "
				  "\"-\" and \"_\"",
				  name, CRL_POLICY_NAME_MAX - 1);
	}
	if (!config_setting_is_group(p)) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, s->path, line_of(p),
				  "policies.%s: expected a group { }", name);
	}
	for (size_t i = 0; i < c->source_len; i++) {
		config_setting_t *group = c->source[i]->policies;
		config_setting_t *other = group ? config_setting_get_member(group, name) : NULL;

		if (other && other != p) {
			return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, s->path, line_of(p),
					  "policies.%s: also defined at %s:%d, expected one place", name,
					  c->source[i]->path, line_of(other));
		}
	}
	return 0;
}

static int check_policies(const struct crl_config *c, const struct crl_source *s, struct crl_err *err)
{
	int rc = 0;

	for (int i = 0; s->policies && i < config_setting_length(s->policies) && rc == 0; i++)
		rc = check_policy(c, s, config_setting_get_elem(s->policies, (unsigned int)i), err);
	return rc;
}

/* What holds for the whole host: one file says it. */
static const char *said_once(const struct crl_top *top)
{
	if (top->data_dir)
		return "data_dir";
	if (top->store)
		return "store";
	if (top->cgroup_root)
		return "cgroup.root";
	if (top->subids_first || top->subids_last)
		return "subids";
	if (top->ipv4 || top->ipv6)
		return "addresses";
	if (top->language != CRL_LANGUAGE_EN)
		return "host_language";
	if (top->contact)
		return "contact";
	return top->manager != CRL_MANAGER_AUTO ? "cgroup.manager" : NULL;
}

static int take_subids(struct crl_config *c, const struct crl_source *s, const struct crl_top *top, struct crl_err *err)
{
	uint32_t first, last;

	c->subids_first = (uint32_t)top->subids_first;
	c->subids_last = (uint32_t)top->subids_last;
	crl_config_subids(c, &first, &last);
	if (last >= first && last - first >= CRL_SUBIDS_MIN - 1)
		return 0;
	return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, s->path, 0,
			  "subids: found %" PRIu32 " to %" PRIu32 ", expected room for one range of %d ids at least",
			  first, last, CRL_SUBIDS_MIN);
}

/* Take over what the top level says. */
static int take_top(struct crl_config *c, struct crl_source *s, struct crl_top *top, struct crl_err *err)
{
	const char *once = said_once(top);
	int rc = 0;

	if (c->source_len > 1 && once) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, s->path, 0,
				  "%s: found in a drop-in, expected only in the main file", once);
	}
	if (c->source_len == 1) {
		c->data_dir = take_ptr(top->data_dir);
		c->store = take_ptr(top->store);
		c->cgroup_root = take_ptr(top->cgroup_root);
		c->manager = top->manager;
		c->language = top->language;
		c->contact = take_ptr(top->contact);
		c->ipv4 = take_ptr(top->ipv4);
		c->ipv6 = take_ptr(top->ipv6);
		rc = take_subids(c, s, top, err);
	}
	if (rc < 0)
		return rc;
	s->policies = top->policies;
	s->acknowledged = top->acknowledged;
	rc = check_policies(c, s, err);
	if (rc == 0)
		rc = crl_budgets_add(c, s, top->budgets, err);
	return rc < 0 ? rc : add_rules(c, s, top->rules, err);
}

/* Takes @s in any case. */
static int add_source(struct crl_config *c, struct crl_source *s, struct crl_err *err)
{
	struct crl_top top = {0};
	struct crl_keys_ctx ctx = {
		.scope = CRL_KEYS_TOP, .file = s->path, .object = &top, .err = err, .prefix = "", .shown = ""};
	struct crl_source **grown = reallocarray(c->source, c->source_len + 1, sizeof(struct crl_source *));
	int rc;

	if (!grown) {
		crl_source_free(s);
		return no_memory(err);
	}
	c->source = grown;
	c->source[c->source_len++] = s;
	rc = crl_keys_apply(&ctx, config_root_setting(&s->cfg));
	if (rc == 0)
		rc = take_top(c, s, &top, err);
	crl_top_done(&top);
	return rc;
}

bool crl_config_is_dropin(const char *name)
{
	size_t len = strlen(name);

	/* Editors leave ".#name.conf" and the like. */
	return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct dropin_names *n, const char *dir, const char *name, struct crl_err *err)
{
	char **grown;

	if (n->len == CRL_DROPINS_MAX)
		return crl_err_set(err, E2BIG, CRL_STAGE_CONFIG, "%s: found more than %d files", dir, CRL_DROPINS_MAX);
	grown = reallocarray(n->item, n->len + 1, sizeof(*grown));
	if (!grown)
		return no_memory(err);
	n->item = grown;
	if (asprintf(&n->item[n->len], "%s/%s", dir, name) < 0)
		return no_memory(err);
	n->len++;
	return 0;
}

/* Full paths of the drop-ins, in order. No directory is no drop-ins. */
static int list_dropins(const char *dir, struct dropin_names *ret, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	scoped(crl_dir) walk = {0};
	struct crl_err why = {0};
	int rc = crl_path_open_trusted(dir, CRL_PATH_DIR, CRL_STAGE_CONFIG, &fd, &why);

	if (rc == -ENOENT)
		return 0;
	if (rc < 0 && err)
		*err = why;
	if (rc < 0)
		return rc;
	(void)crl_dir_open(fd, ".", &walk);
	for (const char *name; rc == 0 && (name = crl_dir_next(&walk));)
		rc = crl_config_is_dropin(name) ? add_name(ret, dir, name, err) : 0;
	if (rc == 0 && walk.error < 0) {
		rc = crl_err_set(err, -walk.error, CRL_STAGE_CONFIG, "%s: cannot list: %s", dir,
				 strerrordesc_np(-walk.error));
	}
	if (rc == 0 && ret->len > 1)
		qsort(ret->item, ret->len, sizeof(*ret->item), compare_names);
	return rc;
}

static int load_dropins(struct crl_config *c, const char *path, struct crl_err *err)
{
	scoped(dropin_names) names = {0};
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int rc;

	(void)snprintf(dir, sizeof(dir), "%.*s/policy.d", (int)(slash - path), path);
	rc = list_dropins(dir, &names, err);
	for (size_t i = 0; i < names.len && rc == 0; i++) {
		struct crl_source *s = NULL;

		rc = crl_source_load(names.item[i], &s, err);
		if (rc == 0)
			rc = add_source(c, s, err);
	}
	return rc;
}

/* Whoever is refused for it can be told whom to ask, whatever else is wrong. */
static int give_up(struct crl_config *c, int rc, struct crl_err *err)
{
	if (err && c->source_len > 0)
		crl_source_contact(c->source[0], err);
	crl_config_free(c);
	return rc;
}

int crl_config_from_source(struct crl_source *source, struct crl_config **ret, struct crl_err *err)
{
	struct crl_config *c = calloc(1, sizeof(*c));
	int rc;

	if (!c) {
		crl_source_free(source);
		return no_memory(err);
	}
	rc = add_source(c, source, err);
	if (rc < 0)
		return give_up(c, rc, err);
	*ret = c;
	return 0;
}

int crl_config_parse(const char *name, char *text, size_t len, struct crl_config **ret, struct crl_err *err)
{
	struct crl_source *s = NULL;
	int rc = crl_source_parse(name, text, len, &s, err);

	return rc < 0 ? rc : crl_config_from_source(s, ret, err);
}

int crl_config_load(const char *path, struct crl_config **ret, struct crl_err *err)
{
	struct crl_source *s = NULL;
	struct crl_config *c = NULL;
	int rc = crl_source_load(path, &s, err);

	if (rc < 0)
		return rc;
	rc = crl_config_from_source(s, &c, err);
	if (rc < 0)
		return rc;
	rc = load_dropins(c, path, err);
	if (rc < 0)
		return give_up(c, rc, err);
	*ret = c;
	return 0;
}
