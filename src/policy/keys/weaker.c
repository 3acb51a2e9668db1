// SPDX-License-Identifier: Apache-2.0
/* See weaker.h. */
#include "policy/keys/weaker.h"

#include "policy/keys/keys.h"

static bool is_weaker(const struct crl_key *key, const struct crl_policy *p, const struct crl_policy *q)
{
	bool (*exceeds)(const void *a, const void *b) = key->exceeds ? key->exceeds : key->type->exceeds;
	const void *mine = (const char *)p + key->offset;
	const void *theirs = (const char *)q + key->offset;

	if (key->weaker == CRL_WEAKER_MORE)
		return exceeds(mine, theirs);
	return key->weaker == CRL_WEAKER_LESS && exceeds(theirs, mine);
}

const char *crl_policy_weaker(const struct crl_policy *p, const struct crl_policy *q, size_t *i)
{
	while (*i < crl_keys_len) {
		const struct crl_key *key = &crl_keys[(*i)++];

		if (crl_key_is_setting(key) && is_weaker(key, p, q))
			return key->path;
	}
	return NULL;
}
