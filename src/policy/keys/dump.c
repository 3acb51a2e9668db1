// SPDX-License-Identifier: Apache-2.0
/* The canonical text of a policy, written from the table of keys; see policy.h. */
#include <errno.h>
#include <string.h>

#include "policy/keys/keys.h"

void crl_put_text(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

void crl_put_texts(FILE *f, const struct crl_strv *v)
{
	fputs("[ ", f);
	for (size_t i = 0; i < v->len; i++) {
		fputs(i > 0 ? ", " : "", f);
		crl_put_text(f, v->item[i]);
	}
	fputs(v->len > 0 ? " ]" : "]", f);
}

/* One value alone. Returns 0, -ENODATA when the key has none, or -ENOMEM. */
static int put_value(FILE *f, const struct crl_key *key, const struct crl_policy *p)
{
	return key->type->put ? key->type->put(f, key, (const char *)p + key->offset) : -ENODATA;
}

int crl_policy_value(const struct crl_policy *p, const struct crl_key *key, char **ret)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc;

	*ret = NULL;
	if (!f)
		return -ENOMEM;
	rc = put_value(f, key, p);
	if (fclose(f) != 0 && rc == 0)
		rc = -ENOMEM;
	if (rc < 0) {
		free(text);
		return rc == -ENODATA ? 0 : rc;
	}
	*ret = text;
	return 0;
}

/* Is the key a member of that group, and of none within it? */
static bool is_inside(const struct crl_key *key, const char *group)
{
	size_t len = strlen(group);

	return strncmp(key->path, group, len) == 0 && (len == 0 || key->path[len] == '.') &&
	       !strchr(key->path + len + (len > 0), '.');
}

static void indent(FILE *f, int depth)
{
	while (depth-- > 0)
		fputc('\t', f);
}

static int put_key(FILE *f, const struct crl_key *key, const struct crl_policy *p, int depth)
{
	scoped_free char *value = NULL;
	const char *dot = strrchr(key->path, '.');
	int rc = crl_policy_value(p, key, &value);

	if (value) {
		indent(f, depth);
		fprintf(f, "%s = %s;\n", dot ? dot + 1 : key->path, value);
	}
	return rc;
}

/* All keys of a group; "" is the policy. A group is in one group at the most, so this ends. */
static int put_members(FILE *f, const char *group, const struct crl_policy *p, int depth)
{
	int rc = 0;

	for (size_t i = 0; i < crl_keys_len && rc == 0; i++) {
		const struct crl_key *key = &crl_keys[i];
		const char *dot = strrchr(key->path, '.');

		if (key->scope != CRL_KEYS_POLICY || !is_inside(key, group))
			continue;
		if (key->type != &crl_type_group) {
			rc = put_key(f, key, p, depth);
			continue;
		}
		indent(f, depth);
		fprintf(f, "%s = {\n", dot ? dot + 1 : key->path);
		rc = put_members(f, key->path, p, depth + 1);
		indent(f, depth);
		fputs("};\n", f);
	}
	return rc;
}

int crl_policy_dump(const struct crl_policy *p, char **ret)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	int rc;

	if (!f)
		return -ENOMEM;
	rc = put_members(f, "", p, 0);
	if (fclose(f) != 0 && rc == 0)
		rc = -ENOMEM;
	if (rc < 0) {
		free(text);
		return rc;
	}
	*ret = text;
	return 0;
}
