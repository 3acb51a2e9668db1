// SPDX-License-Identifier: Apache-2.0
/* A trial under way, or what is left of one; see state/trial/trial.h. */
#include "ctl/check/trial.h"

#include <limits.h>
#include <stdio.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/conf/inforce.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "state/trial/trial.h"

void ctl_check_trial(struct ctl_findings *f, const struct ctl *c, char *ret_path)
{
	struct crl_config *config = NULL;
	struct crl_in_force in_force;
	char until[32], dir[PATH_MAX];

	crl_ignore(crl_trial_load(c->config, &config, &in_force,
				  NULL)); /* ctl_check_config() tells what is wrong with it */
	crl_config_free(config);
	(void)snprintf(ret_path, PATH_MAX, "%s", in_force.path);
	ctl_beside_config(c, CRL_TRIAL_DIR, dir);
	crl_trial_until(&in_force.trial, until, sizeof(until));
	if (in_force.fell_back)
		ctl_find(f, CTL_WARNING, in_force.why.file[0] ? in_force.why.file : dir, in_force.why.line,
			 "carrelctl try --cancel",
			 "the configuration on trial cannot be read, so the one before it counts: %s",
			 in_force.why.text);
	else if (in_force.state == CRL_TRIAL_RUNNING)
		ctl_find(f, CTL_WARNING, dir, 0, "carrelctl confirm in a new login, or carrelctl try --cancel",
			 "this configuration is on trial until %s: then the one before it counts again", until);
	else if (in_force.state == CRL_TRIAL_CONFIRMED)
		ctl_find(f, CTL_WARNING, dir, 0, "carrelctl confirm", "a confirmed configuration is not yet in place");
	else if (in_force.state == CRL_TRIAL_OVER)
		ctl_find(f, CTL_WARNING, dir, 0, "carrelctl try --cancel",
			 "left over from a trial that ended unconfirmed at %s", until);
	else if (in_force.state == CRL_TRIAL_BROKEN)
		ctl_find(f, CTL_WARNING, dir, 0, "carrelctl try --cancel",
			 "no trial can be read there, so none counts: %s", in_force.why.text);
}
