// SPDX-License-Identifier: Apache-2.0
/*
 * Templates: %u and its like in a policy's paths and host name, replaced by facts of the login.
 *
 * Runs in: helper, carrelctl. Pure.
 * Trusts: nothing of what a letter stands for. A value never adds a component to a path nor makes one "." or "..", and
 * two different values never come out the same.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "policy/policy.h"
#include "wire/login.h"

/* Which letters a key's texts may use; "%%" always. */
enum crl_letters {
	CRL_LETTERS_NONE, /* a per cent sign is a per cent sign */
	CRL_LETTERS_USER, /* u U h H: what is the same for all logins of a user, and known when limits are set anew */
	CRL_LETTERS_LOGIN /* u U g h H s */
};

/* What the letters stand for. */
struct crl_facts {
	const struct crl_login *login; /* %u its user, %U uid, %s service */
	const char *host; /* %H the host's name, %h up to its first dot */
	const char *group; /* %g name of the login's primary group; only asked where a template has it */
};

/* What is wrong with a text as a template, as crl_key_refuse() wants it; or NULL. */
const char *crl_template_fault(const char *text, enum crl_letters letters);

/* True when any template of the policy has %@letter. */
bool crl_policy_uses(const struct crl_policy *p, char letter);

/*
 * Replace every template of an effective policy by what it stands for: from here on a per cent sign is one. In paths
 * each byte of a value but letters, digits and - _ . @ + becomes %XX, and so does a dot that begins it.
 * Errors (stage CONFIG, with the key): -EINVAL a letter that is none or has no value here, or values that together
 * are not what crl_policy_check() lets pass; -ENAMETOOLONG a component or path that is too long; -ENOMEM.
 */
int crl_expand_policy(struct crl_policy *p, const struct crl_facts *f, struct crl_err *err) CRL_MUST_CHECK;

/* The same for the paths of limits alone, which use only the letters of CRL_LETTERS_USER. */
int crl_expand_limits(struct crl_limits *l, const struct crl_facts *f, struct crl_err *err) CRL_MUST_CHECK;

/* One path into @ret, to be freed. @key  for messages */
int crl_expand_path(const char *key, const char *text, const struct crl_facts *f, char **ret,
		    struct crl_err *err) CRL_MUST_CHECK;

/*
 * A host name into @buf, keeping [a-z0-9-] only (capitals are lowered, others become '-'; no '-' at either end, 63
 * characters at most). An empty template gives an empty name. Errors (stage CONFIG): -EINVAL as above, or nothing
 * that a name could be made of; -ENAMETOOLONG @size too small.
 */
int crl_expand_hostname(const char *text, const struct crl_facts *f, char *buf, size_t size,
			struct crl_err *err) CRL_MUST_CHECK;

/* What a letter stands for, as it is, in @buf. Errors: -EINVAL no such letter; -ENODATA it has no value here. */
#define CRL_FACT_MAX 256
int crl_fact_of(const struct crl_facts *f, char letter, char buf[CRL_FACT_MAX]) CRL_MUST_CHECK;
