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

int crl_value_begin(struct crl_value *v)
{
	v->text = NULL;
	v->f = open_memstream(&v->text, &v->len);
	return v->f ? 0 : -ENOMEM;
}

void crl_value_done(struct crl_value *v)
{
	if (v->f)
		crl_ignore(fclose(v->f)); /* nothing of it is read any more */
	free(v->text);
}

int crl_value_of(struct crl_value *v, const struct crl_policy *p, const struct crl_key *key)
{
	int rc;

	rewind(v->f);
	rc = put_value(v->f, key, p);
	if (rc == -ENODATA)
		return 0;
	if (rc == 0 && fputc('\0', v->f) == EOF)
		rc = -ENOMEM;
	if (rc == 0 && (fflush(v->f) != 0 || ferror(v->f)))
		rc = -ENOMEM;
	return rc < 0 ? rc : 1;
}

int crl_policy_value(const struct crl_policy *p, const struct crl_key *key, char **ret)
{
	scoped(crl_value) v = {0};
	int rc = crl_value_begin(&v);

	*ret = NULL;
	if (rc == 0)
		rc = crl_value_of(&v, p, key);
	return rc > 0 ? crl_strdup_to(ret, v.text) : rc;
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

/* A dump on its way. */
struct dump {
	FILE *f;
	const struct crl_policy *p;
	struct crl_value value; /* of one key after the other */
};

static int put_key(struct dump *d, const struct crl_key *key, int depth)
{
	const char *dot = strrchr(key->path, '.');
	int rc = crl_value_of(&d->value, d->p, key);

	if (rc > 0) {
		indent(d->f, depth);
		fprintf(d->f, "%s = %s;\n", dot ? dot + 1 : key->path, d->value.text);
	}
	return rc < 0 ? rc : 0;
}

/* All keys of a group; "" is the policy. A group is in one group at the most, so this ends. */
static int put_members(struct dump *d, const char *group, int depth)
{
	int rc = 0;

	for (size_t i = 0; i < crl_keys_len && rc == 0; i++) {
		const struct crl_key *key = &crl_keys[i];
		const char *dot;

		if (key->scope != CRL_KEYS_POLICY || !is_inside(key, group))
			continue;
		if (key->type != &crl_type_group) {
			rc = put_key(d, key, depth);
			continue;
		}
		dot = strrchr(key->path, '.');
		indent(d->f, depth);
		fprintf(d->f, "%s = {\n", dot ? dot + 1 : key->path);
		rc = put_members(d, key->path, depth + 1);
		indent(d->f, depth);
		fputs("};\n", d->f);
	}
	return rc;
}

int crl_policy_dump(const struct crl_policy *p, char **ret)
{
	char *text = NULL;
	size_t len = 0;
	struct dump d = {.f = open_memstream(&text, &len), .p = p};
	int rc;

	if (!d.f)
		return -ENOMEM;
	rc = crl_value_begin(&d.value);
	if (rc == 0)
		rc = put_members(&d, "", 0);
	crl_value_done(&d.value);
	if (fclose(d.f) != 0 && rc == 0)
		rc = -ENOMEM;
	if (rc < 0) {
		free(text);
		return rc;
	}
	*ret = text;
	return 0;
}
