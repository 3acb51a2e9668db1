// SPDX-License-Identifier: Apache-2.0
/* Templates of a whole policy, found by the table of keys; see template.h. */
#include "policy/template.h"

#include <string.h>

#include "base/scope.h"
#include "policy/keys/keys.h"

typedef int each_text(void *arg, const char *key, char **text);

static int each_in_list(const char *key, struct crl_strv *v, each_text *each, void *arg)
{
	int rc = 0;

	for (size_t i = 0; i < v->len && rc == 0; i++)
		rc = each(arg, key, &v->item[i]);
	return rc;
}

static int each_in_binds(struct crl_policy *p, each_text *each, void *arg)
{
	int rc = 0;

	for (size_t i = 0; i < p->bind_len && rc == 0; i++) {
		rc = each(arg, "root.bind.source", &p->bind[i].source);
		if (rc == 0)
			rc = each(arg, "root.bind.target", &p->bind[i].target);
	}
	return rc;
}

static int each_in_limits(struct crl_limits *l, each_text *each, void *arg)
{
	int rc = 0;

	for (size_t i = 0; i < l->io_len && rc == 0; i++)
		rc = each(arg, "limits.io.path", &l->io[i].path);
	return rc;
}

/* Every path of a policy that may be a template. */
static int each_path(struct crl_policy *p, each_text *each, void *arg)
{
	int rc = each_in_binds(p, each, arg);

	for (size_t i = 0; i < crl_keys_len && rc == 0; i++) {
		const struct crl_key *key = &crl_keys[i];
		char *field = (char *)p + key->offset;

		if (key->scope != CRL_KEYS_POLICY || key->letters == CRL_LETTERS_NONE)
			continue;
		if ((key->type == &crl_type_path || key->type == &crl_type_netns) && *(char **)field)
			rc = each(arg, key->path, (char **)field);
		else if (key->type == &crl_type_paths || key->type == &crl_type_layers ||
			 key->type == &crl_type_writables)
			rc = each_in_list(key->path, (struct crl_strv *)field, each, arg);
	}
	if (rc == 0)
		rc = each_in_list("root.writable_paths", &p->writable_optional, each, arg);
	return rc < 0 ? rc : each_in_limits(&p->limits, each, arg);
}

struct expansion {
	const struct crl_facts *facts;
	struct crl_err *err;
};

static int expand(void *arg, const char *key, char **text)
{
	const struct expansion *e = arg;
	char *done = NULL;
	int rc;

	if (!strchr(*text, '%'))
		return 0;
	rc = crl_expand_path(key, *text, e->facts, &done, e->err);
	if (rc == 0) {
		free(*text);
		*text = done;
	}
	return rc;
}

static bool uses(const char *text, char letter)
{
	for (const char *p = strchr(text, '%'); p && p[1]; p = strchr(p + 2, '%'))
		if (p[1] == letter)
			return true;
	return false;
}

static int find_letter(void *arg, const char *key, char **text)
{
	(void)key;
	return uses(*text, *(const char *)arg) ? -EEXIST : 0;
}

bool crl_policy_uses(const struct crl_policy *p, char letter)
{
	/* Only looked at: find_letter() changes nothing. */
	return uses(p->hostname, letter) || each_path(crl_unconst(p), find_letter, &letter) < 0;
}

int crl_expand_limits(struct crl_limits *l, const struct crl_facts *f, struct crl_err *err)
{
	struct expansion e = {.facts = f, .err = err};

	return each_in_limits(l, expand, &e);
}

/* What held for the templates need not hold for what they stand for: "/%u" of a user named "proc". */
static int check_again(const struct crl_policy *p, struct crl_err *err)
{
	struct crl_err found = {0};
	struct crl_across across;
	int rc = crl_policy_check(p, &across, &found);

	if (rc < 0) {
		return crl_err_set(err, found.code, CRL_STAGE_CONFIG, "policy \"%s\", for this login: %s", p->name,
				   found.text);
	}
	return 0;
}

int crl_expand_policy(struct crl_policy *p, const struct crl_facts *f, struct crl_err *err)
{
	struct expansion e = {.facts = f, .err = err};
	char name[sizeof(p->hostname)];
	int rc = each_path(p, expand, &e);

	if (rc == 0)
		rc = crl_expand_hostname(p->hostname, f, name, sizeof(name), err);
	if (rc < 0)
		return rc;
	memcpy(p->hostname, name, sizeof(name));
	return check_again(p, err);
}
