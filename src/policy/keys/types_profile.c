// SPDX-License-Identifier: Apache-2.0
/* The type of seccomp.profiles; see types.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/keys/keys.h"
#include "wire/stage.h"

static int add_profile(const struct crl_keys_ctx *ctx, config_setting_t *item)
{
	struct crl_policy *p = ctx->object;
	struct crl_keys_ctx inner = *ctx;
	struct crl_profile *grown = reallocarray(p->profiles, p->profiles_len + 1, sizeof(*grown));

	if (!grown)
		return crl_err_set(ctx->err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	p->profiles = grown;
	p->profiles[p->profiles_len] = (struct crl_profile){0};
	inner.scope = CRL_KEYS_PROFILE;
	inner.object = &p->profiles[p->profiles_len++];
	return crl_keys_apply(&inner, item);
}

/* The one of the first @len that is about that program, or NULL. */
static const struct crl_profile *find_profile(const struct crl_policy *p, size_t len, const char *program)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(p->profiles[i].program, program) == 0)
			return &p->profiles[i];
	return NULL;
}

/* What is to be said to carrel-shell of each. What _add brings may be there from the parent. @had  of the parent's */
static int check_profiles(const struct crl_keys_at *at, size_t had)
{
	struct crl_policy *p = at->ctx->object;
	size_t kept = had;

	for (size_t i = had; i < p->profiles_len; i++) {
		config_setting_t *item = config_setting_get_elem(at->setting, (unsigned int)(i - had));
		const struct crl_profile *twin = find_profile(p, i, p->profiles[i].program);

		if (strlen(p->profiles[i].program) >= CRL_LAST_PATH_MAX)
			return crl_key_refuse(at, item, "a program with a path of less than %d bytes",
					      CRL_LAST_PATH_MAX);
		if (twin && (twin >= p->profiles + had || strcmp(twin->profile, p->profiles[i].profile) != 0))
			return crl_key_refuse(at, item, "each program once (%s has the profile \"%s\" as well)",
					      twin->program, twin->profile);
	}
	for (size_t i = had; i < p->profiles_len; i++) {
		struct crl_profile one = p->profiles[i];

		if (find_profile(p, kept, one.program))
			crl_profile_done(&one);
		else
			p->profiles[kept++] = one;
	}
	p->profiles_len = kept;
	return kept > CRL_PROFILES_MAX ? crl_key_refuse(at, at->setting, "at most %d", CRL_PROFILES_MAX) : 0;
}

static int set_profiles(const struct crl_keys_at *at)
{
	struct crl_policy *p = at->ctx->object;
	size_t had;
	int rc;

	while (!at->add && p->profiles_len > 0)
		crl_profile_done(&p->profiles[--p->profiles_len]);
	had = p->profiles_len;
	rc = crl_key_set_objects(at, add_profile);
	return rc < 0 ? rc : check_profiles(at, had);
}

/* The length belongs to the value as well. */
static const struct crl_policy *policy_of(const void *field)
{
	return (const struct crl_policy *)((const char *)field - offsetof(struct crl_policy, profiles));
}

static int put_profiles(FILE *f, const struct crl_key *key, const void *field)
{
	const struct crl_policy *p = policy_of(field);

	(void)key;
	fputs(p->profiles_len > 0 ? "(\n" : "( )", f);
	for (size_t i = 0; i < p->profiles_len; i++) {
		fputs("\t\t{ program = ", f);
		crl_put_text(f, p->profiles[i].program);
		fputs("; profile = ", f);
		crl_put_text(f, p->profiles[i].profile);
		fprintf(f, "; }%s\n", i + 1 < p->profiles_len ? "," : "");
	}
	fputs(p->profiles_len > 0 ? "\t)" : "", f);
	return 0;
}

/* A program that the other lets go without this profile. */
static bool profiles_exceed(const void *a, const void *b)
{
	const struct crl_policy *p = policy_of(a);
	const struct crl_policy *q = policy_of(b);

	for (size_t i = 0; i < p->profiles_len; i++) {
		bool found = false;

		for (size_t j = 0; j < q->profiles_len && !found; j++)
			found = strcmp(p->profiles[i].program, q->profiles[j].program) == 0 &&
				strcmp(p->profiles[i].profile, q->profiles[j].profile) == 0;
		if (!found)
			return true;
	}
	return false;
}

const struct crl_key_type crl_type_profiles = {
	.size = sizeof(struct crl_profile *),
	.is_list = true,
	.set = set_profiles,
	.put = put_profiles,
	.exceeds = profiles_exceed,
};
