// SPDX-License-Identifier: Apache-2.0
/* From a libconfig group to the table's keys; see keys.h. */
#include <stdarg.h>
#include <string.h>

#include "base/nearest.h"
#include "policy/keys/keys.h"

#define PATH_TEXT_MAX 160
#define SHOWN_MAX 80 /* of a value, in messages */

static void show(const config_setting_t *s, char *buf, size_t size);

/* "a group { port = 80; first = 3; }", as far as it fits. */
static void show_group(const config_setting_t *s, char *buf, size_t size)
{
	size_t at = (size_t)snprintf(buf, size, "a group { ");
	const int len = config_setting_length(s);

	for (int i = 0; i < len && at < size; i++) {
		const config_setting_t *one = config_setting_get_elem(s, (unsigned int)i);
		char value[SHOWN_MAX];

		if (config_setting_is_group(one))
			(void)snprintf(value, sizeof(value), "{ ... }");
		else
			show(one, value, sizeof(value));
		at += (size_t)snprintf(buf + at, size - at, "%s = %s; ", config_setting_name(one), value);
	}
	if (at + sizeof("}") > size)
		(void)snprintf(buf + size - sizeof("... }"), sizeof("... }"), "... }");
	else
		(void)snprintf(buf + at, size - at, "}");
}

/* A setting's value as messages show it. */
static void show(const config_setting_t *s, char *buf, size_t size)
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_STRING:
		(void)snprintf(buf, size, "\"%.60s\"", config_setting_get_string(s));
		break;
	case CONFIG_TYPE_INT:
		(void)snprintf(buf, size, "%d", config_setting_get_int(s));
		break;
	case CONFIG_TYPE_BOOL:
		(void)snprintf(buf, size, "%s", config_setting_get_bool(s) ? "true" : "false");
		break;
	case CONFIG_TYPE_GROUP:
		show_group(s, buf, size);
		break;
	case CONFIG_TYPE_LIST:
	case CONFIG_TYPE_ARRAY:
		(void)snprintf(buf, size, "a list");
		break;
	default: /* the prescan leaves no other number */
		(void)snprintf(buf, size, "a number");
		break;
	}
}

int crl_key_refuse(const struct crl_keys_at *at, config_setting_t *where, const char *fmt, ...)
{
	char text[CRL_ERR_TEXT_MAX];
	char found[SHOWN_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	show(where, found, sizeof(found));
	return crl_err_at(at->ctx->err, EINVAL, CRL_STAGE_CONFIG, at->ctx->file, (int)config_setting_source_line(where),
			  "%s: found %s, expected %s", at->name, found, text);
}

int crl_key_no_memory(const struct crl_keys_at *at)
{
	return crl_err_set(at->ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
}

static const char *last_part(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

/* How far a name of the table is from what was written; the right name in the wrong group is near. */
static size_t key_distance(const char *path, const char *known)
{
	size_t whole = crl_nearest_distance(path, known);
	size_t last = crl_nearest_distance(last_part(path), last_part(known));

	return last < whole ? last + 1 : whole;
}

static bool has_twin(const struct crl_key *key, enum crl_key_scope scope)
{
	return scope == CRL_KEYS_POLICY && crl_key_is_list(key);
}

static void find_nearest(const struct crl_keys_ctx *ctx, const char *path, struct crl_nearest *ret)
{
	crl_nearest_begin(ret, last_part(path));
	for (size_t i = 0; i < crl_keys_len; i++) {
		const char *known = crl_key_path_in(&crl_keys[i], ctx->scope);
		char name[PATH_TEXT_MAX];

		if (!known)
			continue;
		for (int add = 0; add < (has_twin(&crl_keys[i], ctx->scope) ? 2 : 1); add++) {
			(void)snprintf(name, sizeof(name), "%s%s", known, add ? "_add" : "");
			crl_nearest_offer_at(ret, name, key_distance(path, name));
		}
	}
}

/* A key that is one, at another place. */
static const char *place_of(const struct crl_keys_ctx *ctx, const char *path)
{
	if (ctx->scope == CRL_KEYS_TOP && crl_key_find(CRL_KEYS_POLICY, path))
		return ", which is a key of policies: policies = { NAME = { ... }; };";
	if (ctx->scope == CRL_KEYS_POLICY && crl_key_find(CRL_KEYS_TOP, path))
		return ", which stands beside policies, not within one";
	if (ctx->scope == CRL_KEYS_POLICY && crl_key_find(CRL_KEYS_RULE, path))
		return ", which is a key of rules";
	return NULL;
}

static int refuse_unknown(const struct crl_keys_ctx *ctx, config_setting_t *s, const char *path)
{
	size_t len = strlen(ctx->prefix);
	const char *place = place_of(ctx, path);
	char hint[CRL_NEAREST_HINT];
	struct crl_nearest nearest;

	find_nearest(ctx, path, &nearest);
	if (len > 0 && strncmp(nearest.name, ctx->prefix, len) == 0 && nearest.name[len] == '.')
		memmove(nearest.name, nearest.name + len + 1, strlen(nearest.name + len));
	return crl_err_at(ctx->err, EINVAL, CRL_STAGE_CONFIG, ctx->file, (int)config_setting_source_line(s),
			  "%s%s: unknown key \"%s\"%s", ctx->shown, path, config_setting_name(s),
			  place ? place : crl_nearest_hint(&nearest, hint, sizeof(hint)));
}

/* Find the key, or the list whose _add twin it is. */
static const struct crl_key *find_with_twin(enum crl_key_scope scope, const char *path, bool *ret_add)
{
	const struct crl_key *key = crl_key_find(scope, path);
	size_t len = strlen(path);
	char base[PATH_TEXT_MAX];

	*ret_add = false;
	if (key || len < 5 || strcmp(path + len - 4, "_add") != 0)
		return key;
	memcpy(base, path, len - 4);
	base[len - 4] = '\0';
	key = crl_key_find(scope, base);
	*ret_add = true;
	return key && has_twin(key, scope) ? key : NULL;
}

static int apply_group(const struct crl_keys_at *at)
{
	struct crl_keys_ctx inner = *at->ctx;

	if (!config_setting_is_group(at->setting))
		return crl_key_refuse(at, at->setting, "a group { }");
	inner.prefix = at->key->path;
	return crl_keys_apply(&inner, at->setting);
}

static int apply_key(const struct crl_keys_at *at)
{
	const struct crl_keys_ctx *ctx = at->ctx;

	if (ctx->where) {
		ctx->where[at->key - crl_keys] = (struct crl_where){
			.file = ctx->file,
			.line = (int)config_setting_source_line(at->setting),
			.policy = ctx->policy,
		};
	}
	return at->key->type->set(at);
}

/* Put texts together. Every login comes by here some dozen times, too often for snprintf(). */
static void join(char buf[PATH_TEXT_MAX], const char *a, const char *dot, const char *b)
{
	if (strlen(a) + strlen(dot) + strlen(b) < PATH_TEXT_MAX)
		(void)stpcpy(stpcpy(stpcpy(buf, a), dot), b);
	else /* no key is that long: only a message is cut */
		(void)snprintf(buf, PATH_TEXT_MAX, "%s%s%s", a, dot, b);
}

/* Returns 1 when the key has to wait for the second pass. */
static int apply_one(const struct crl_keys_ctx *ctx, config_setting_t *s, bool adding)
{
	struct crl_keys_at at = {.ctx = ctx, .setting = s};
	char path[PATH_TEXT_MAX];
	char shown[PATH_TEXT_MAX];

	join(path, ctx->prefix, ctx->prefix[0] ? "." : "", config_setting_name(s));
	at.name = path;
	if (ctx->shown[0]) {
		join(shown, ctx->shown, "", path);
		at.name = shown;
	}
	at.key = find_with_twin(ctx->scope, path, &at.add);
	if (!at.key)
		return refuse_unknown(ctx, s, path);
	if (at.add != adding)
		return at.add;
	return at.key->type == &crl_type_group ? apply_group(&at) : apply_key(&at);
}

/* One pass over the group: plain keys or _add twins. Returns 1 when there are twins left to do. */
static int apply_pass(const struct crl_keys_ctx *ctx, config_setting_t *group, bool adding)
{
	int len = config_setting_length(group);
	int left = 0;

	for (int i = 0; i < len; i++) {
		int rc = apply_one(ctx, config_setting_get_elem(group, (unsigned int)i), adding);

		if (rc < 0)
			return rc;
		left |= rc;
	}
	return left;
}

static int check_required(const struct crl_keys_ctx *ctx, config_setting_t *group)
{
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];

		if (key->scope == ctx->scope && key->required && !config_setting_get_member(group, key->path)) {
			return crl_err_at(ctx->err, EINVAL, CRL_STAGE_CONFIG, ctx->file,
					  (int)config_setting_source_line(group),
					  "%s%s: missing, expected it here (%s)", ctx->shown, key->path, key->doc);
		}
	}
	return 0;
}

int crl_keys_apply(const struct crl_keys_ctx *ctx, config_setting_t *group)
{
	int rc = apply_pass(ctx, group, false);

	if (rc > 0)
		rc = apply_pass(ctx, group, true);
	if (rc < 0)
		return rc;
	return ctx->prefix[0] ? 0 : check_required(ctx, group);
}
