// SPDX-License-Identifier: Apache-2.0
/* The canonical text of a policy, written from the table of keys; see policy.h. */
#include <inttypes.h>
#include <string.h>
#include <sys/capability.h>

#include "base/parse.h"
#include "policy/keys.h"

/* The indent of the keys inside a group of the table. */
#define INDENT(key) (strchr((key)->path, '.') ? "\t" : "")

static void put_text(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\') {
			fputc('\\', f);
		}
		fputc(*text, f);
	}
	fputc('"', f);
}

static void put_strv(FILE *f, const struct crl_strv *v)
{
	fputs("[ ", f);
	for (size_t i = 0; i < v->len; i++) {
		fputs(i > 0 ? ", " : "", f);
		put_text(f, v->item[i]);
	}
	fputs(v->len > 0 ? " ]" : "]", f);
}

static void put_namespaces(FILE *f, uint32_t mask)
{
	const char *comma = "";

	fputs("[ ", f);
	for (unsigned int ns = 0; ns < CRL_NS_COUNT; ns++) {
		if (mask & CRL_NS_BIT(ns)) {
			fprintf(f, "%s\"%s\"", comma, crl_nskinds[ns].name);
			comma = ", ";
		}
	}
	fputs(mask ? " ]" : "]", f);
}

static int put_caps(FILE *f, uint64_t mask)
{
	const char *comma = "";

	fputs("[ ", f);
	for (int cap = 0; cap < 64; cap++) {
		char *name;

		if (!(mask & (UINT64_C(1) << cap))) {
			continue;
		}
		name = cap_to_name(cap);
		if (!name) {
			return -ENOMEM;
		}
		fprintf(f, "%s\"%s\"", comma, strncmp(name, "cap_", 4) == 0 ? name + 4 : name);
		(void)cap_free(name);
		comma = ", ";
	}
	fputs(mask ? " ]" : "]", f);
	return 0;
}

static void put_binds(FILE *f, const struct crl_policy *p)
{
	fputs(p->bind_len > 0 ? "(\n" : "( )", f);
	for (size_t i = 0; i < p->bind_len; i++) {
		const struct crl_bind *b = &p->bind[i];

		fputs("\t\t{ source = ", f);
		put_text(f, b->source);
		fputs("; target = ", f);
		put_text(f, b->target);
		fprintf(f, "; writable = %s; optional = %s; }%s\n", b->writable ? "true" : "false",
			b->optional ? "true" : "false", i + 1 < p->bind_len ? "," : "");
	}
	fputs(p->bind_len > 0 ? "\t)" : "", f);
}

static void put_rate(FILE *f, const char *name, uint64_t value, bool is_size)
{
	char text[24];

	crl_format_size(value, text, sizeof(text));
	if (value == CRL_UNLIMITED || is_size) {
		fprintf(f, " %s = \"%s\";", name, text);
	} else {
		fprintf(f, " %s = %" PRIu64 ";", name, value);
	}
}

static void put_ios(FILE *f, const struct crl_limits *l)
{
	fputs(l->io_len > 0 ? "(\n" : "( )", f);
	for (size_t i = 0; i < l->io_len; i++) {
		const struct crl_io_limit *io = &l->io[i];

		fputs("\t\t{ path = ", f);
		put_text(f, io->path);
		fputc(';', f);
		put_rate(f, "read", io->read_bps, true);
		put_rate(f, "write", io->write_bps, true);
		put_rate(f, "read_iops", io->read_iops, false);
		put_rate(f, "write_iops", io->write_iops, false);
		fprintf(f, " }%s\n", i + 1 < l->io_len ? "," : "");
	}
	fputs(l->io_len > 0 ? "\t)" : "", f);
}

static void put_number(FILE *f, const struct crl_key *key, uint64_t value)
{
	char text[24];

	if (key->type == CRL_KEY_PERCENT) {
		crl_format_percent(value, text, sizeof(text));
	} else if (key->type == CRL_KEY_DURATION) {
		crl_format_duration(value, text, sizeof(text));
	} else {
		crl_format_size(value, text, sizeof(text));
	}
	if (key->type == CRL_KEY_UINT && value != CRL_UNLIMITED) {
		fprintf(f, "%" PRIu64, value);
	} else {
		put_text(f, text);
	}
}

static int put_value(FILE *f, const struct crl_key *key, const struct crl_policy *p)
{
	const void *field = (const char *)p + key->offset;

	switch (key->type) {
	case CRL_KEY_BOOL:
		fputs(*(const bool *)field ? "true" : "false", f);
		return 0;
	case CRL_KEY_UINT:
	case CRL_KEY_SIZE:
	case CRL_KEY_PERCENT:
	case CRL_KEY_DURATION:
		put_number(f, key, *(const uint64_t *)field);
		return 0;
	case CRL_KEY_WORD:
		put_text(f, key->words[*(const unsigned int *)field]);
		return 0;
	case CRL_KEY_PATH:
		put_text(f, *(char *const *)field);
		return 0;
	case CRL_KEY_CALL_BASE:
	case CRL_KEY_HOSTNAME:
	case CRL_KEY_BUDGET:
		put_text(f, field);
		return 0;
	case CRL_KEY_NAMESPACES:
		put_namespaces(f, *(const uint32_t *)field);
		return 0;
	case CRL_KEY_CAPS:
		return put_caps(f, *(const uint64_t *)field);
	case CRL_KEY_PATHS:
	case CRL_KEY_CALLS_LIST:
	case CRL_KEY_FAMILIES:
		put_strv(f, field);
		return 0;
	case CRL_KEY_BINDS:
		put_binds(f, p);
		return 0;
	case CRL_KEY_IOS:
		put_ios(f, &p->limits);
		return 0;
	case CRL_KEY_GROUP:
	case CRL_KEY_SECTION:
	case CRL_KEY_INHERIT:
	case CRL_KEY_CONDITION:
	case CRL_KEY_NAME:
	case CRL_KEY_CALL_NAME:
	case CRL_KEY_AMBIENT:
		break;
	}
	return 0;
}

/* A key without a value of its own in an effective policy: inherit, ambient, a path that is not set. */
static bool is_silent(const struct crl_key *key, const struct crl_policy *p)
{
	if (key->type == CRL_KEY_PATH) {
		return *(char *const *)((const char *)p + key->offset) == NULL;
	}
	return key->type == CRL_KEY_INHERIT || key->type == CRL_KEY_AMBIENT;
}

static bool is_inside(const struct crl_key *key, const char *group)
{
	size_t len = strlen(group);

	return strncmp(key->path, group, len) == 0 && key->path[len] == '.';
}

static int put_key(FILE *f, const struct crl_key *key, const struct crl_policy *p)
{
	const char *dot = strrchr(key->path, '.');
	int rc;

	if (is_silent(key, p)) {
		return 0;
	}
	fprintf(f, "%s%s = ", INDENT(key), dot ? dot + 1 : key->path);
	rc = put_value(f, key, p);
	fputs(";\n", f);
	return rc;
}

static int put_group(FILE *f, const struct crl_key *group, const struct crl_policy *p)
{
	int rc = 0;

	fprintf(f, "%s = {\n", group->path);
	for (size_t i = 0; i < crl_keys_len && rc == 0; i++) {
		if (crl_keys[i].scope == CRL_KEYS_POLICY && is_inside(&crl_keys[i], group->path)) {
			rc = put_key(f, &crl_keys[i], p);
		}
	}
	fputs("};\n", f);
	return rc;
}

static int put_policy(FILE *f, const struct crl_policy *p)
{
	int rc = 0;

	for (size_t i = 0; i < crl_keys_len && rc == 0; i++) {
		const struct crl_key *key = &crl_keys[i];

		if (key->scope != CRL_KEYS_POLICY || strchr(key->path, '.')) {
			continue;
		}
		rc = key->type == CRL_KEY_GROUP ? put_group(f, key, p) : put_key(f, key, p);
	}
	return rc;
}

int crl_policy_value(const struct crl_policy *p, const struct crl_key *key, char **ret)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f;
	int rc;

	*ret = NULL;
	if (is_silent(key, p)) {
		return 0;
	}
	f = open_memstream(&text, &len);
	if (!f) {
		return -ENOMEM;
	}
	rc = put_value(f, key, p);
	if (fclose(f) != 0 || rc < 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

int crl_policy_dump(const struct crl_policy *p, char **ret)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc;

	if (!f) {
		return -ENOMEM;
	}
	rc = put_policy(f, p);
	if (fclose(f) != 0 && rc == 0) {
		rc = -ENOMEM;
	}
	if (rc < 0) {
		free(text);
		return rc;
	}
	*ret = text;
	return 0;
}
