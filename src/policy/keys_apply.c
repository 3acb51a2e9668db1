// SPDX-License-Identifier: Apache-2.0
/* From a libconfig group to the table's keys; see keys.h. */
#include <stdarg.h>
#include <string.h>

#include "base/parse.h"
#include "policy/keys.h"

#define PATH_TEXT_MAX 160

void crl_setting_show(const config_setting_t *s, char *buf, size_t size)
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
		(void)snprintf(buf, size, "a group { }");
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
	char found[80];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	crl_setting_show(where, found, sizeof(found));
	return crl_err_at(at->ctx->err, EINVAL, CRL_STAGE_CONFIG, at->ctx->file,
			  (int)config_setting_source_line(where), "%s: found %s, expected %s", at->name,
			  found, text);
}

static const char *last_part(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

/* How far a name of the table is from what was written; the right name in the wrong group is near. */
static size_t key_distance(const char *path, const char *known)
{
	size_t whole = crl_text_distance(path, known);

	return strcmp(last_part(path), last_part(known)) == 0 && whole > 1 ? 1 : whole;
}

/* Write the nearest name of the scope to @ret; false when none is near enough to be meant. */
static bool find_nearest(const struct crl_keys_ctx *ctx, const char *path, char ret[PATH_TEXT_MAX])
{
	size_t best = strlen(last_part(path)) / 3 + 2;
	size_t limit = best;

	for (size_t i = 0; i < crl_keys_len; i++) {
		char name[PATH_TEXT_MAX];

		if (crl_keys[i].scope != ctx->scope) {
			continue;
		}
		for (int add = 0; add < (crl_key_is_list(&crl_keys[i]) ? 2 : 1); add++) {
			size_t distance;

			(void)snprintf(name, sizeof(name), "%s%s", crl_keys[i].path, add ? "_add" : "");
			distance = key_distance(path, name);
			if (distance < best) {
				best = distance;
				memcpy(ret, name, sizeof(name));
			}
		}
	}
	return best < limit;
}

static int refuse_unknown(const struct crl_keys_ctx *ctx, config_setting_t *s, const char *path)
{
	char nearest[PATH_TEXT_MAX];
	char hint[PATH_TEXT_MAX + 32] = "";

	if (find_nearest(ctx, path, nearest)) {
		size_t len = strlen(ctx->prefix);
		bool same = len > 0 && strncmp(nearest, ctx->prefix, len) == 0 && nearest[len] == '.';

		(void)snprintf(hint, sizeof(hint), " (did you mean \"%s\"?)",
			       same ? nearest + len + 1 : nearest);
	}
	return crl_err_at(ctx->err, EINVAL, CRL_STAGE_CONFIG, ctx->file, (int)config_setting_source_line(s),
			  "%s%s: unknown key \"%s\"%s", ctx->shown, path, config_setting_name(s), hint);
}

/* Find the key, or the list whose _add twin it is. */
static const struct crl_key *find_with_twin(enum crl_key_scope scope, const char *path, bool *ret_add)
{
	const struct crl_key *key = crl_key_find(scope, path);
	size_t len = strlen(path);
	char base[PATH_TEXT_MAX];

	*ret_add = false;
	if (key || len < 5 || strcmp(path + len - 4, "_add") != 0) {
		return key;
	}
	memcpy(base, path, len - 4);
	base[len - 4] = '\0';
	key = crl_key_find(scope, base);
	*ret_add = true;
	return key && crl_key_is_list(key) ? key : NULL;
}

static int apply_group(const struct crl_keys_at *at)
{
	struct crl_keys_ctx inner = *at->ctx;

	if (!config_setting_is_group(at->setting)) {
		return crl_key_refuse(at, at->setting, "a group { }");
	}
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
	return crl_key_set(at);
}

/* Put texts together. Every login comes by here some dozen times, too often for snprintf(). */
static void join(char buf[PATH_TEXT_MAX], const char *a, const char *dot, const char *b)
{
	if (strlen(a) + strlen(dot) + strlen(b) < PATH_TEXT_MAX) {
		(void)stpcpy(stpcpy(stpcpy(buf, a), dot), b);
	} else { /* no key is that long: only a message is cut */
		(void)snprintf(buf, PATH_TEXT_MAX, "%s%s%s", a, dot, b);
	}
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
	if (!at.key) {
		return refuse_unknown(ctx, s, path);
	}
	if (at.add != adding) {
		return at.add;
	}
	return at.key->type == CRL_KEY_GROUP ? apply_group(&at) : apply_key(&at);
}

/* One pass over the group: plain keys or _add twins. Returns 1 when there are twins left to do. */
static int apply_pass(const struct crl_keys_ctx *ctx, config_setting_t *group, bool adding)
{
	int len = config_setting_length(group);
	int left = 0;

	for (int i = 0; i < len; i++) {
		int rc = apply_one(ctx, config_setting_get_elem(group, (unsigned int)i), adding);

		if (rc < 0) {
			return rc;
		}
		left |= rc;
	}
	return left;
}

static int check_required(const struct crl_keys_ctx *ctx, config_setting_t *group)
{
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];

		if (key->scope == ctx->scope && key->required &&
		    !config_setting_get_member(group, key->path)) {
			return crl_err_at(ctx->err, EINVAL, CRL_STAGE_CONFIG, ctx->file,
					  (int)config_setting_source_line(group),
					  "%s%s: missing, expected it here (%s)", ctx->shown, key->path,
					  key->doc);
		}
	}
	return 0;
}

int crl_keys_apply(const struct crl_keys_ctx *ctx, config_setting_t *group)
{
	int rc = apply_pass(ctx, group, false);

	if (rc > 0) {
		rc = apply_pass(ctx, group, true);
	}
	if (rc < 0) {
		return rc;
	}
	return ctx->prefix[0] ? 0 : check_required(ctx, group);
}
