// SPDX-License-Identifier: Apache-2.0
/* The row of assess about the host's service manager, which no probe in a room can see. See probe_attack.h. */
#include "ctl/rehearse/assess_manager.h"

#include "base/scope.h"
#include "ctl/conf/inforce.h"
#include "ctl/host/manager_unit.h"
#include "ctl/rehearse/probe.h"
#include "ctl/rehearse/rehearsal.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "policy/policy.h"
#include "policy/rules/bare.h"

/* Without a policy that can be read there is no room, and so no row: not reached. */
static bool keeps_home_away(const struct ctl *c, const char *policy, bool *ret_isolates)
{
	scoped(crl_policy) p = {0};
	struct crl_config *config = NULL;
	bool away = false;

	*ret_isolates = false;
	if (ctl_load_config(c, &config, NULL) == 0 && crl_config_policy(config, policy, &p, NULL) == 0) {
		away = p.home_mode != CRL_HOME_REAL && p.at_end != CRL_END_COMMIT;
		*ret_isolates = crl_policy_isolates(config, &p);
	}
	crl_config_free(config);
	return away;
}

enum ctl_answer ctl_attack_manager(const struct ctl *c, const char *policy, uint32_t uid, char *detail)
{
	bool isolates, away;

	if (!ctl_manager_is_systemd())
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "no systemd");
	away = keeps_home_away(c, policy, &isolates);
	if (!isolates)
		return ctl_probe_say(CTL_PROBE_YES, detail, "the policy isolates nothing: user@%u.service starts", uid);
	if (away)
		return ctl_probe_say(CTL_PROBE_NO, detail,
				     "it reads the real home, where a room of this policy writes nothing");
	if (ctl_manager_unit_ask(uid) == MANAGER_GUARDED)
		return ctl_probe_say(CTL_PROBE_NO, detail,
				     "systemd asks carrel before user@%u.service, and it does not start", uid);
	return ctl_probe_say(CTL_PROBE_YES, detail, "user@%u.service starts without asking carrel: carrelctl check",
			     uid);
}
