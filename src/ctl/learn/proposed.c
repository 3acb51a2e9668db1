// SPDX-License-Identifier: Apache-2.0
/*
 * An earlier proposal, read back; see propose.h.
 * R1: a file in which there is more than a proposal has is not taken for one: what is written over it would lose that.
 */
#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>

#include "ctl/learn/propose.h"
#include "policy/filter/argnames.h"

void ctl_proposal_done(struct ctl_earlier *k)
{
	crl_strv_done(&k->allow);
	for (size_t i = 0; i < CRL_ARGS_COUNT; i++)
		crl_strv_done(&k->args[i]);
}

static int take_texts(const config_setting_t *list, struct crl_strv *ret)
{
	for (int i = 0; i < config_setting_length(list); i++) {
		const char *call = config_setting_get_string_elem(list, i);
		int rc = call ? crl_strv_add(ret, call) : -EINVAL;

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int take_args(const config_setting_t *args, struct ctl_earlier *ret)
{
	for (size_t i = 0; i < CRL_ARGS_COUNT; i++) {
		config_setting_t *list = config_setting_get_member(args, crl_args_call_name((enum crl_args_call)i));
		int rc = list ? take_texts(list, &ret->args[i]) : 0;

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What a group may have at each depth, and with which text; NULL = any. */
static const struct known {
	int depth;
	const char *name, *text;
} known[] = {
	{0, "policies", NULL},    {1, NULL, NULL},    {2, "inherit", NULL},    {2, "seccomp", NULL},
	{3, "base", "@core"},     {3, "allow", NULL}, {3, "args", NULL},       {3, "compat", NULL},
	{4, "clone", NULL},       {4, "fcntl", NULL}, {4, "ioctl", NULL},      {4, "keyctl", NULL},
	{4, "personality", NULL}, {4, "prctl", NULL}, {4, "setsockopt", NULL}, {4, "socket", NULL},
};

static bool is_known(int depth, const config_setting_t *s, const char *policy)
{
	const char *text = config_setting_get_string(s);

	for (size_t i = 0; i < CRL_ARRAY_LEN(known); i++)
		if (known[i].depth == depth &&
		    strcmp(config_setting_name(s), known[i].name ? known[i].name : policy) == 0)
			return !known[i].text || (text && strcmp(text, known[i].text) == 0);
	return false;
}

/* R1. The first setting that no proposal has, or NULL. No deeper than five groups. */
static const config_setting_t *find_foreign(const config_setting_t *group, int depth, const char *policy)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *s = config_setting_get_elem(group, (unsigned int)i), *in;

		if (!is_known(depth, s, policy))
			return s;
		in = config_setting_is_group(s) ? find_foreign(s, depth + 1, policy) : NULL;
		if (in)
			return in;
	}
	return NULL;
}

static int take_file(const config_t *cfg, const char *path, const char *name, struct ctl_earlier *ret,
		     struct crl_err *err)
{
	const config_setting_t *foreign = find_foreign(config_root_setting(cfg), 0, name), *list, *args;
	int compat = 0, rc;
	char where[256];

	(void)snprintf(where, sizeof(where), "policies.%s.seccomp.allow", name);
	list = config_lookup(cfg, where);
	rc = list ? take_texts(list, &ret->allow) : -EINVAL;
	if (rc < 0)
		return crl_err_at(err, -rc, CRL_STAGE_CONFIG, path, list ? (int)config_setting_source_line(list) : 0,
				  "found no list of calls at %s", where);
	if (foreign)
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, path, (int)config_setting_source_line(foreign),
				  "'%s' is not as a proposal has it, and would be lost: put it into another file",
				  config_setting_name(foreign));
	(void)snprintf(where, sizeof(where), "policies.%s.seccomp.compat", name);
	ret->compat = config_lookup_bool(cfg, where, &compat) && compat;
	(void)snprintf(where, sizeof(where), "policies.%s.seccomp.args", name);
	args = config_lookup(cfg, where);
	rc = args ? take_args(args, ret) : 0;
	return rc < 0 ? crl_err_at(err, -rc, CRL_STAGE_CONFIG, path, (int)config_setting_source_line(args),
				   "found no lists of texts at %s", where)
		      : 0;
}

int ctl_proposal_read(const char *path, const char *name, struct ctl_earlier *ret, struct crl_err *err)
{
	config_t cfg;
	int rc;

	config_init(&cfg);
	rc = config_read_file(&cfg, path) ? take_file(&cfg, path, name, ret, err)
					  : crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, path, config_error_line(&cfg),
						       "%s", config_error_text(&cfg));
	config_destroy(&cfg);
	return rc;
}
