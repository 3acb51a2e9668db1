// SPDX-License-Identifier: Apache-2.0
/*
 * Which policy a login gets: the first rule that matches.
 *
 * Runs in: helper, carrelctl. Pure but for the group look-up, which the caller supplies.
 */
#pragma once

#include "proto/err.h"
#include "proto/login.h"

/* One rule; a condition that is NULL matches everyone. All conditions must hold. */
struct crl_rule {
	char *user;
	char *group;
	char *service;
	char *policy; /* never NULL */
	const char *file;
	int line;
};

struct crl_rules {
	struct crl_rule *item;
	size_t len;
};

/*
 * Find a group's number.
 * Returns 0; -ENOENT when the name service says there is no such group; another -errno when it did not
 * answer.
 */
typedef int crl_group_lookup(void *arg, const char *name, uint32_t *ret_gid);

/*
 * Find the first rule that matches.
 * Groups are looked up only when a rule is reached whose other conditions hold. A group that does not exist
 * matches nobody; a name service that does not answer is an error, never "no match". Returns 0 and the rule;
 * -EACCES when none matches; the look-up's -errno (stage RULE, with the rule's file and line).
 */
int crl_rules_match(const struct crl_rules *rules, const struct crl_login *login, crl_group_lookup *lookup,
		    void *arg, const struct crl_rule **ret, struct crl_err *err) CRL_MUST_CHECK;
