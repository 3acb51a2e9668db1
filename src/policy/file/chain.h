// SPDX-License-Identifier: Apache-2.0
/*
 * A policy and those that it inherits from, each with the group that it is. Private to src/policy.
 *
 * Runs in: helper, carrelctl.
 */
#pragma once

#include "policy/file/source.h"

#define CRL_CHAIN_MAX 16

struct crl_link {
	const char *name;
	config_setting_t *group;
	const char *file;
	config_setting_t *inherit; /* the setting that named this link's parent, or NULL */
};

/* Youngest first. */
struct crl_chain {
	struct crl_link link[CRL_CHAIN_MAX];
	size_t len;
	struct crl_source *loaded[CRL_CHAIN_MAX]; /* shipped policies; they live as long as the chain */
	size_t loaded_len;
};

/*
 * Follow inherit from the policy @name to the one that has none.
 * @ret  zeroed; to be done with, whatever comes back
 * Errors (stage CONFIG) as crl_config_policy()'s that are about names and files.
 */
int crl_chain_build(const struct crl_config *config, const char *name, struct crl_chain *ret,
		    struct crl_err *err) CRL_MUST_CHECK;
void crl_chain_done(struct crl_chain *c);
