// SPDX-License-Identifier: Apache-2.0
/* See assess_users.h. */
#include "ctl/rehearse/assess_users.h"

#include <inttypes.h>

#include "base/err.h"
#include "base/scope.h"
#include "ctl/act/inside.h"
#include "ctl/conf/inforce.h"
#include "ctl/host/dirids.h"
#include "ctl/rehearse/probe.h"
#include "ctl/shell/way.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "state/ids.h"

static int find_policy(const struct ctl *c, const char *name, struct crl_config **config, struct crl_policy *p)
{
	int rc = ctl_load_config(c, config, NULL);

	return rc < 0 ? rc : crl_config_policy(*config, name, p, NULL);
}

static enum ctl_answer judge(const struct crl_ids *ids, char *detail)
{
	struct ctl_dirids meets;
	const struct crl_subid_range *r = &ids->uids;

	if (ctl_dirids_meet(NULL, r, &meets))
		return ctl_probe_say(CTL_PROBE_YES, detail,
				     "%" PRIu32 " to %" PRIu32 " has numbers of the directory in %s, line %d", r->first,
				     r->first + r->count - 1, meets.file, meets.line);
	return ctl_probe_say(CTL_PROBE_NO, detail, "%" PRIu32 " to %" PRIu32 " are the user's own%s", r->first,
			     r->first + r->count - 1, ids->allotted ? ", allotted by carrel" : ", by /etc/subuid");
}

enum ctl_answer ctl_attack_ids(const struct ctl *c, const char *policy, const struct ctl_person *who, char *detail)
{
	enum ctl_answer answer = CTL_PROBE_NOT_HERE;
	struct crl_config *config = NULL;
	scoped(crl_policy) p = {0};
	struct crl_err err = {0};
	struct crl_ids ids;
	uint32_t first, last;

	if (find_policy(c, policy, &config, &p) == 0 && crl_policy_owns_users(&p)) {
		crl_config_subids(config, &first, &last);
		answer = crl_ids_find(&(struct crl_ids_wish){.login = &who->login,
							     .store = crl_config_store(config),
							     .pool = {first, last - first + 1},
							     .patience_ms = 2000},
				      &ids, &err) < 0
				 ? ctl_probe_say(CTL_PROBE_NO, detail, "no room is made: %.120s", err.text)
				 : judge(&ids, detail);
	}
	crl_config_free(config);
	return answer;
}

enum ctl_answer ctl_attack_past(const struct ctl *c, const char *policy, const struct ctl_person *who, char *detail)
{
	struct crl_config *config = NULL;
	scoped(crl_policy) p = {0};
	bool has = find_policy(c, policy, &config, &p) == 0 && crl_policy_has_last_stage(&p);
	char way[256];
	int rc;

	crl_config_free(config);
	if (!has)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "the policy has no last stage");
	rc = ctl_shell_way(who->login.user, who->shell, way, sizeof(way));
	if (rc < 0)
		return ctl_probe_say(CTL_PROBE_YES, detail, "their shell is another, and sshd does not answer");
	return way[0] ? ctl_probe_say(CTL_PROBE_NO, detail, "a login shell and commands by ssh come by %.100s", way)
		      : ctl_probe_say(CTL_PROBE_YES, detail,
				      "their logins do not come by carrel-shell: carrelctl check");
}
