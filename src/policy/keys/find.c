// SPDX-License-Identifier: Apache-2.0
/* See keys.h: the table looked into. */
#include "policy/keys/keys.h"

#include <string.h>

void crl_top_done(struct crl_top *top)
{
	free(top->data_dir);
	free(top->cgroup_root);
	free(top->store);
	free(top->ipv4);
	free(top->ipv6);
	free(top->contact);
}

bool crl_key_is_setting(const struct crl_key *key)
{
	return key->scope == CRL_KEYS_POLICY && key->type != &crl_type_group;
}

bool crl_key_is_list(const struct crl_key *key)
{
	return key->scope == CRL_KEYS_POLICY && key->type->is_list;
}

const char *crl_key_path_in(const struct crl_key *key, enum crl_key_scope scope)
{
	if (scope == CRL_KEYS_BUDGET && key->in_budgets)
		return key->path + strlen("limits.");
	return key->scope == scope ? key->path : NULL;
}

const struct crl_key *crl_key_find(enum crl_key_scope scope, const char *path)
{
	for (size_t i = 0; i < crl_keys_len; i++) {
		const char *known = crl_key_path_in(&crl_keys[i], scope);

		if (known && strcmp(known, path) == 0)
			return &crl_keys[i];
	}
	return NULL;
}

static size_t offset_in(const struct crl_key *key, enum crl_key_scope scope)
{
	return key->offset - (scope == CRL_KEYS_BUDGET ? offsetof(struct crl_policy, limits) : 0);
}

void *crl_key_field(const struct crl_keys_at *at)
{
	return (char *)at->ctx->object + offset_in(at->key, at->ctx->scope);
}

int crl_keys_start(enum crl_key_scope scope, void *object)
{
	for (size_t i = 0; i < crl_keys_len; i++) {
		const struct crl_key *key = &crl_keys[i];
		int rc;

		if (!key->def || !key->type->start || !crl_key_path_in(key, scope))
			continue;
		rc = key->type->start(key, (char *)object + offset_in(key, scope));
		if (rc < 0)
			return rc;
	}
	return 0;
}
