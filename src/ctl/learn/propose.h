// SPDX-License-Identifier: Apache-2.0
/*
 * From what was seen under a policy to a text for its successor: a drop-in that nobody has to use as it is.
 *
 * Runs in: carrelctl, unit tests. Names of programs are hostile text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "plan/filter/set.h"
#include "policy/policy.h"
#include "state/learn/tally.h"

/* What an earlier proposal allows. All zero: there was none. */
struct ctl_earlier {
	struct crl_strv allow;
	struct crl_strv args[CRL_ARGS_COUNT];
	bool compat;
};

/* What a proposal is made from. */
struct ctl_proposal {
	const char *policy; /* under which it was seen */
	const char *name; /* of the policy that is proposed */
	const struct crl_tally *seen;
	const struct crl_callset *core; /* the group @core */
	const struct crl_callset *now; /* what the policy lets; NULL = it has no filter */
	const struct crl_strv *args; /* its rules about arguments, CRL_ARGS_COUNT lists; NULL = it has no filter */
	const struct ctl_earlier *kept; /* what is allowed besides; NULL = nothing */
};

/*
 * @ret_text  to be freed
 * Returns 0 or -ENOMEM.
 */
int ctl_propose(const struct ctl_proposal *p, char **ret_text, size_t *ret_len) CRL_MUST_CHECK;

/*
 * What an earlier proposal allows. @ret  to be given back by ctl_proposal_done(), after an error as well
 * Errors (stage CONFIG, file and line): -EINVAL no text of libconfig, none of that policy's seccomp.allow, or there is
 * something in it that no proposal has, and that would be lost.
 */
int ctl_proposal_read(const char *path, const char *name, struct ctl_earlier *ret, struct crl_err *err) CRL_MUST_CHECK;
void ctl_proposal_done(struct ctl_earlier *k);

/*
 * The rule about the arguments of calls that have one (propose_args.c): the values that were seen, with those of an
 * earlier proposal, or none where they are too many or not all known, or where an earlier one has the call without.
 * @ret  empty; to be given back by crl_strv_done(). Returns 0 or -ENOMEM.
 */
int ctl_propose_args(const struct ctl_proposal *p, enum crl_args_call call, struct crl_strv *ret) CRL_MUST_CHECK;

/* Is it refused by the policy's own rules about arguments? */
bool ctl_args_refuse(const struct ctl_proposal *p, const struct crl_seen *s);
