// SPDX-License-Identifier: Apache-2.0
/* The types of keys that have keys of their own, and those whose items have or may have; see types.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "policy/keys/keys.h"

/* What a field is the member of: its other members belong to the value as well. */
#define OWNER(field, type, member) ((type *)((char *)(field)-offsetof(type, member)))
#define OWNER_CONST(field, type, member) ((const type *)((const char *)(field)-offsetof(type, member)))

/* keys_apply.c goes into it itself. */
const struct crl_key_type crl_type_group = {.name = NULL};

static int set_section(const struct crl_keys_at *at)
{
	if (config_setting_type(at->setting) != (int)at->key->min) {
		return crl_key_refuse(at, at->setting, "%s",
				      at->key->min == CONFIG_TYPE_LIST    ? "a list of groups ( { }, { } )"
				      : at->key->min == CONFIG_TYPE_ARRAY ? "a list such as [ \"a\", \"b\" ]"
									  : "a group { }");
	}
	*(config_setting_t **)crl_key_field(at) = at->setting;
	return 0;
}

const struct crl_key_type crl_type_section = {
	.size = sizeof(config_setting_t *),
	.set = set_section,
};

int crl_key_set_objects(const struct crl_keys_at *at, crl_key_object_reader *one)
{
	struct crl_keys_ctx ctx = *at->ctx;
	char shown[80];

	(void)snprintf(shown, sizeof(shown), "%s.", at->name);
	ctx.prefix = "";
	ctx.shown = shown;
	ctx.where = NULL;
	if (!config_setting_is_list(at->setting) &&
	    !(config_setting_is_array(at->setting) && config_setting_length(at->setting) == 0))
		return crl_key_refuse(at, at->setting, "a list of groups ( { }, { } )");
	for (int i = 0; i < config_setting_length(at->setting); i++) {
		config_setting_t *item = config_setting_get_elem(at->setting, (unsigned int)i);
		int rc = config_setting_is_group(item) ? one(&ctx, item)
						       : crl_key_refuse(at, item, "a list of groups ( { }, { } )");

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_bind(const struct crl_keys_ctx *ctx, config_setting_t *item)
{
	struct crl_policy *p = ctx->object;
	struct crl_keys_ctx inner = *ctx;
	struct crl_bind *grown = reallocarray(p->bind, p->bind_len + 1, sizeof(*grown));

	if (!grown)
		return crl_err_set(ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	p->bind = grown;
	p->bind[p->bind_len] = (struct crl_bind){0};
	inner.scope = CRL_KEYS_BIND;
	inner.object = &p->bind[p->bind_len++];
	return crl_keys_apply(&inner, item);
}

static int set_binds(const struct crl_keys_at *at)
{
	struct crl_policy *p = at->ctx->object;

	while (!at->add && p->bind_len > 0)
		crl_bind_done(&p->bind[--p->bind_len]);
	return crl_key_set_objects(at, add_bind);
}

static int put_binds(FILE *f, const struct crl_key *key, const void *field)
{
	const struct crl_policy *p = OWNER_CONST(field, struct crl_policy, bind);

	(void)key;
	fputs(p->bind_len > 0 ? "(\n" : "( )", f);
	for (size_t i = 0; i < p->bind_len; i++) {
		const struct crl_bind *b = &p->bind[i];

		fputs("\t\t{ source = ", f);
		crl_put_text(f, b->source);
		fputs("; target = ", f);
		crl_put_text(f, b->target);
		fprintf(f, "; writable = %s; optional = %s; }%s\n", b->writable ? "true" : "false",
			b->optional ? "true" : "false", i + 1 < p->bind_len ? "," : "");
	}
	fputs(p->bind_len > 0 ? "\t)" : "", f);
	return 0;
}

/* A place of the host that the other has not, or not to write to. */
static bool binds_exceed(const void *a, const void *b)
{
	const struct crl_policy *p = OWNER_CONST(a, struct crl_policy, bind);
	const struct crl_policy *q = OWNER_CONST(b, struct crl_policy, bind);

	for (size_t i = 0; i < p->bind_len; i++) {
		const struct crl_bind *mine = &p->bind[i];
		bool found = false;

		for (size_t j = 0; j < q->bind_len && !found; j++) {
			const struct crl_bind *theirs = &q->bind[j];

			found = strcmp(mine->source, theirs->source) == 0 &&
				strcmp(mine->target, theirs->target) == 0 && mine->writable <= theirs->writable;
		}
		if (!found)
			return true;
	}
	return false;
}

const struct crl_key_type crl_type_binds = {
	.size = sizeof(struct crl_bind *),
	.is_list = true,
	.set = set_binds,
	.put = put_binds,
	.exceeds = binds_exceed,
};

/* @ctx->object  the struct crl_seccomp */
static int add_answers(const struct crl_keys_ctx *ctx, config_setting_t *item)
{
	struct crl_seccomp *s = ctx->object;
	struct crl_keys_ctx inner = *ctx;
	struct crl_answers *grown = reallocarray(s->answers, s->answers_len + 1, sizeof(*grown));

	if (!grown)
		return crl_err_set(ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	s->answers = grown;
	s->answers[s->answers_len] = (struct crl_answers){0};
	inner.scope = CRL_KEYS_ANSWERS;
	inner.object = &s->answers[s->answers_len++];
	return crl_keys_apply(&inner, item);
}

static int set_answers(const struct crl_keys_at *at)
{
	struct crl_seccomp *s = OWNER(crl_key_field(at), struct crl_seccomp, answers);
	struct crl_keys_ctx ctx = *at->ctx;
	struct crl_keys_at here = *at;

	while (!at->add && s->answers_len > 0)
		crl_answers_done(&s->answers[--s->answers_len]);
	ctx.object = s;
	here.ctx = &ctx;
	return crl_key_set_objects(&here, add_answers);
}

static int put_answers(FILE *f, const struct crl_key *key, const void *field)
{
	const struct crl_seccomp *s = OWNER_CONST(field, struct crl_seccomp, answers);

	(void)key;
	fputs(s->answers_len > 0 ? "(\n" : "( )", f);
	for (size_t i = 0; i < s->answers_len; i++) {
		fputs("\t\t{ calls = ", f);
		crl_put_texts(f, &s->answers[i].calls);
		fputs("; answer = ", f);
		(void)crl_type_answer.put(f, key, &s->answers[i].answer);
		fprintf(f, "; }%s\n", i + 1 < s->answers_len ? "," : "");
	}
	fputs(s->answers_len > 0 ? "\t)" : "", f);
	return 0;
}

/* Only that lets a call which the filter would refuse. */
static bool answers_exceed(const void *a, const void *b)
{
	const struct crl_seccomp *p = OWNER_CONST(a, struct crl_seccomp, answers);
	const struct crl_seccomp *q = OWNER_CONST(b, struct crl_seccomp, answers);

	for (size_t i = 0; i < p->answers_len; i++) {
		bool found = p->answers[i].answer.kind != CRL_VERDICT_LOG;

		for (size_t j = 0; j < q->answers_len && !found; j++)
			found = q->answers[j].answer.kind == CRL_VERDICT_LOG &&
				!crl_texts_exceed(&p->answers[i].calls, &q->answers[j].calls);
		if (!found)
			return true;
	}
	return false;
}

const struct crl_key_type crl_type_answers = {
	.size = sizeof(struct crl_answers *),
	.is_list = true,
	.set = set_answers,
	.put = put_answers,
	.exceeds = answers_exceed,
};

/* @ctx->object  the struct crl_limits */
static int add_io(const struct crl_keys_ctx *ctx, config_setting_t *item)
{
	struct crl_limits *l = ctx->object;
	struct crl_keys_ctx inner = *ctx;
	struct crl_io_limit *grown = reallocarray(l->io, l->io_len + 1, sizeof(*grown));

	if (!grown)
		return crl_err_set(ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	l->io = grown;
	l->io[l->io_len] = (struct crl_io_limit){0};
	inner.scope = CRL_KEYS_IO;
	inner.object = &l->io[l->io_len++];
	if (crl_keys_start(CRL_KEYS_IO, inner.object) < 0)
		return crl_err_set(ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	return crl_keys_apply(&inner, item);
}

static int set_ios(const struct crl_keys_at *at)
{
	struct crl_limits *l = OWNER(crl_key_field(at), struct crl_limits, io);
	struct crl_keys_ctx ctx = *at->ctx;
	struct crl_keys_at here = *at;

	while (!at->add && l->io_len > 0)
		crl_io_limit_done(&l->io[--l->io_len]);
	ctx.object = l;
	here.ctx = &ctx;
	return crl_key_set_objects(&here, add_io);
}

static void put_rate(FILE *f, const char *name, uint64_t value, bool is_size)
{
	char text[24];

	crl_format_size(value, text, sizeof(text));
	if (value == CRL_UNLIMITED || is_size)
		fprintf(f, " %s = \"%s\";", name, text);
	else
		fprintf(f, " %s = %" PRIu64 ";", name, value);
}

static int put_ios(FILE *f, const struct crl_key *key, const void *field)
{
	const struct crl_limits *l = OWNER_CONST(field, struct crl_limits, io);

	(void)key;
	fputs(l->io_len > 0 ? "(\n" : "( )", f);
	for (size_t i = 0; i < l->io_len; i++) {
		const struct crl_io_limit *io = &l->io[i];

		fputs("\t\t{ path = ", f);
		crl_put_text(f, io->path);
		fputc(';', f);
		put_rate(f, "read", io->read_bps, true);
		put_rate(f, "write", io->write_bps, true);
		put_rate(f, "read_iops", io->read_iops, false);
		put_rate(f, "write_iops", io->write_iops, false);
		fprintf(f, " }%s\n", i + 1 < l->io_len ? "," : "");
	}
	fputs(l->io_len > 0 ? "\t)" : "", f);
	return 0;
}

static bool allows_more(const struct crl_io_limit *a, const struct crl_io_limit *b)
{
	return a->read_bps > b->read_bps || a->write_bps > b->write_bps || a->read_iops > b->read_iops ||
	       a->write_iops > b->write_iops;
}

/* A device that the other limits, and this one less or not at all. */
static bool ios_exceed(const void *a, const void *b)
{
	const struct crl_limits *p = OWNER_CONST(a, struct crl_limits, io);
	const struct crl_limits *q = OWNER_CONST(b, struct crl_limits, io);

	for (size_t i = 0; i < q->io_len; i++) {
		const struct crl_io_limit *theirs = &q->io[i];
		bool held = false;

		for (size_t j = 0; j < p->io_len && !held; j++)
			held = strcmp(p->io[j].path, theirs->path) == 0 && !allows_more(&p->io[j], theirs);
		if (!held)
			return true;
	}
	return false;
}

const struct crl_key_type crl_type_ios = {
	.size = sizeof(struct crl_io_limit *),
	.is_list = true,
	.set = set_ios,
	.put = put_ios,
	.exceeds = ios_exceed,
};

static void drop(struct crl_strv *v, const char *text)
{
	for (size_t i = 0; i < v->len; i++)
		if (strcmp(v->item[i], text) == 0) {
			free(v->item[i]);
			v->item[i] = v->item[--v->len];
			return;
		}
}

/* What one policy wants to be there has to be there, whatever another one says that it extends. */
static int add_writable(const struct crl_keys_at *at, config_setting_t *item, const char *path, bool optional)
{
	struct crl_policy *p = at->ctx->object;
	size_t len = p->writable.len;
	int rc = crl_key_add_path(at, item, path);

	if (rc < 0)
		return rc;
	if (!optional)
		drop(&p->writable_optional, path);
	else if (p->writable.len > len && crl_strv_add(&p->writable_optional, path) < 0)
		rc = crl_err_set(at->ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	return rc;
}

static int add_writable_group(const struct crl_keys_at *at, config_setting_t *item)
{
	struct crl_keys_ctx inner = *at->ctx;
	struct crl_writable w = {0};
	char shown[80];
	int rc;

	(void)snprintf(shown, sizeof(shown), "%s.", at->name);
	inner.scope = CRL_KEYS_WRITABLE;
	inner.object = &w;
	inner.prefix = "";
	inner.shown = shown;
	inner.where = NULL;
	rc = crl_keys_apply(&inner, item);
	if (rc == 0)
		rc = add_writable(at, item, w.path, w.optional);
	free(w.path);
	return rc;
}

static int set_writables(const struct crl_keys_at *at)
{
	struct crl_policy *p = at->ctx->object;
	int rc = 0;

	if (!config_setting_is_array(at->setting) && !config_setting_is_list(at->setting)) {
		return crl_key_refuse(at, at->setting,
				      "a list such as [ \"/a\", \"/b\" ] or ( \"/a\", { path = \"/b\"; } )");
	}
	if (!at->add) {
		crl_strv_done(&p->writable);
		crl_strv_done(&p->writable_optional);
	}
	for (int i = 0; i < config_setting_length(at->setting) && rc == 0; i++) {
		config_setting_t *item = config_setting_get_elem(at->setting, (unsigned int)i);
		const char *text = config_setting_get_string(item);

		if (text) {
			rc = add_writable(at, item, text, false);
		} else {
			rc = config_setting_is_group(item)
				     ? add_writable_group(at, item)
				     : crl_key_refuse(at, item,
						      "a path in quotes or { path = \"/b\"; optional = true; }");
		}
	}
	return rc;
}

/* A list of texts cannot have groups in it, so it is another kind of list then. */
static int put_writables(FILE *f, const struct crl_key *key, const void *field)
{
	const struct crl_policy *p = OWNER_CONST(field, struct crl_policy, writable);
	const struct crl_strv *v = field;

	(void)key;
	if (p->writable_optional.len == 0) {
		crl_put_texts(f, v);
		return 0;
	}
	fputs("( ", f);
	for (size_t i = 0; i < v->len; i++) {
		bool optional = crl_strv_has(&p->writable_optional, v->item[i]);

		fputs(i > 0 ? ", " : "", f);
		fputs(optional ? "{ path = " : "", f);
		crl_put_text(f, v->item[i]);
		fputs(optional ? "; optional = true; }" : "", f);
	}
	fputs(" )", f);
	return 0;
}

const struct crl_key_type crl_type_writables = {
	.size = sizeof(struct crl_strv),
	.is_list = true,
	.set = set_writables,
	.put = put_writables,
	.exceeds = crl_texts_exceed,
};
