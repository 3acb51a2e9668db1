// SPDX-License-Identifier: Apache-2.0
/*
 * Which policy a login gets: the first rule that matches.
 *
 * Runs in: helper, carrelctl. Pure but for the group look-up, which the caller supplies.
 */
#pragma once

#include "base/err.h"
#include "policy/policy.h"
#include "policy/rules/condition.h"
#include "wire/login.h"

/*
 * One rule: of each kind that is given at least one text must hold, and of each kind that is negated none. A kind that
 * is not given holds for everyone.
 */
struct crl_rule {
	struct crl_strv is[CRL_COND_COUNT];
	struct crl_strv is_not[CRL_COND_COUNT];
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
 * Ask a program of the administrator's. @text  as the rule has it
 * Returns 1, 0 or a -errno with its text in @err.
 */
typedef int crl_command_ask(void *arg, const char *text, struct crl_err *err);

/* Who asks, and when. */
struct crl_match {
	const struct crl_login *login;
	time_t now;
	crl_group_lookup *lookup;
	crl_command_ask *ask; /* NULL: rules with a command are an error */
	void *arg;
};

/* Why a rule does not match. */
struct crl_mismatch {
	enum crl_condition kind;
	bool negated;
};

/*
 * Groups are looked up only when all other conditions hold. A group that does not exist has no members; a name service
 * that does not answer is an error, never "no match". Commands are asked when all else holds, groups too.
 * @ret_why  set when it does not match; may be NULL
 * Returns 1, 0, or the -errno of the look-up or the command (stage RULE, with the rule's file and line).
 */
int crl_rule_matches(const struct crl_rule *rule, const struct crl_match *m, struct crl_mismatch *ret_why,
		     struct crl_err *err) CRL_MUST_CHECK;

/* Find the first rule that matches. Returns 0 and the rule; -EACCES when none does; errors as above. */
int crl_rules_match(const struct crl_rules *rules, const struct crl_match *m, const struct crl_rule **ret,
		    struct crl_err *err) CRL_MUST_CHECK;
