// SPDX-License-Identifier: Apache-2.0
/* See digest.h. A digest tells settings apart and guards nothing. */
#include "policy/file/digest.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/keys/keys.h"

#define TEXT_SIZE 9 /* of one, with its NUL */

_Static_assert(CRL_KEYS_MAX *TEXT_SIZE <= CRL_DIGESTS_MAX, "a digest for every key");

static uint32_t add(uint32_t h, const char *text)
{
	do {
		h = (h ^ (unsigned char)*text) * 0x01000193u; /* FNV-1a, the NUL included: "a" "bc" is not "ab" "c" */
	} while (*text++);
	return h;
}

/* The digest of one setting, whether it has a value or not. */
static int digest(struct crl_value *v, const struct crl_policy *p, const struct crl_key *key, char text[TEXT_SIZE])
{
	int rc = crl_value_of(v, p, key);

	if (rc < 0)
		return rc;
	(void)snprintf(text, TEXT_SIZE, "%08x", (unsigned int)add(add(0x811c9dc5u, key->path), rc > 0 ? v->text : ""));
	return 0;
}

typedef void use_digest(void *arg, const struct crl_key *key, const char *text);

static int each_digest(const struct crl_config *c, const char *name, use_digest *use, void *arg, struct crl_err *err)
{
	scoped(crl_policy) p = {0};
	scoped(crl_value) v = {0};
	int rc = crl_config_policy(c, name, &p, err);

	if (rc == 0 && crl_value_begin(&v) < 0)
		rc = crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	for (size_t i = 0; i < crl_keys_len && rc == 0; i++) {
		char text[TEXT_SIZE];

		if (!crl_key_is_setting(&crl_keys[i]))
			continue;
		if (digest(&v, &p, &crl_keys[i], text) < 0)
			rc = crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
		else
			use(arg, &crl_keys[i], text);
	}
	return rc;
}

static void append(void *arg, const struct crl_key *key, const char *text)
{
	char *buf = arg;
	size_t at = strlen(buf);

	(void)key;
	(void)snprintf(buf + at, CRL_DIGESTS_MAX - at, "%s%s", at > 0 ? "," : "", text);
}

int crl_policy_digests(const struct crl_config *c, const char *name, char buf[CRL_DIGESTS_MAX], struct crl_err *err)
{
	buf[0] = '\0';
	return each_digest(c, name, append, buf, err);
}

static void compare(void *arg, const struct crl_key *key, const char *text)
{
	const struct crl_changes_to *to = *(const struct crl_changes_to *const *)arg;

	if (!strstr(to->digests, text)) /* all are of one length, with commas between: none is found across two */
		to->each(to->arg, key->path);
}

int crl_policy_changes(const struct crl_config *c, const char *name, const struct crl_changes_to *to,
		       struct crl_err *err)
{
	return each_digest(c, name, compare, &to, err);
}
