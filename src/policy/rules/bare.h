// SPDX-License-Identifier: Apache-2.0
/*
 * May something of a user's run on the host, outside of every room?
 *
 * A login has a service, an address, a terminal and a time, by which rules may choose. What the host starts for a user
 * by itself (their service manager, a job of theirs) has none of them, and serves whatever login they have. So it is
 * judged by all rules that could be theirs.
 *
 * Runs in: carrelctl. Pure but for the group look-up, which the caller supplies.
 */
#pragma once

#include "policy/file/load.h"

enum crl_bare {
	CRL_BARE_MAY, /* whatever way they log in, they are on the host anyway */
	CRL_BARE_ISOLATED, /* some login of theirs gets a room, or less than the host's own power */
	CRL_BARE_NO_RULE /* some login of theirs is refused, and none is isolated */
};

/*
 * Does the policy keep from a login what the host would give it? Limits alone do not count while the user's slice holds
 * what the host starts for them as well: under a budget, or where carrel writes cgroups beside systemd, they do.
 */
bool crl_policy_isolates(const struct crl_config *c, const struct crl_policy *p);

/*
 * Judge a user: name, uid and groups of @m->login count, everything else of a rule may hold one day.
 * @ret_rule  for ISOLATED, the first rule that isolates them; else NULL
 * Errors: of the look-up (stage RULE) and of crl_config_policy(); then nobody may.
 */
int crl_bare_judge(const struct crl_config *c, const struct crl_match *m, enum crl_bare *ret,
		   const struct crl_rule **ret_rule, struct crl_err *err) CRL_MUST_CHECK;
