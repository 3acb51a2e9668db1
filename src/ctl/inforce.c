// SPDX-License-Identifier: Apache-2.0
/* The configuration that counts now, and what is to be said of it; see state/trial.h. */
#include "ctl/ctl.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/findings.h"
#include "state/trial.h"

int ctl_load_config(const struct ctl *c, struct crl_config **ret, struct crl_err *err)
{
	struct crl_in_force f;
	int r = crl_trial_load(c->config, ret, &f, err);

	if (f.fell_back || f.state == CRL_TRIAL_BROKEN)
		(void)ctl_complain(c, CTL_FAIL, "warning: the configuration on trial does not count: %s", f.why.text);
	else if (f.state == CRL_TRIAL_RUNNING)
		(void)ctl_complain(c, CTL_YES, "this is on trial for another %" PRIu64 " s: %s", (f.left_ms + 999) / 1000, f.path);
	else if (f.state == CRL_TRIAL_CONFIRMED)
		(void)ctl_complain(c, CTL_YES, "warning: confirmed, but not yet in place (carrelctl confirm does it): %s", f.path);
	return r;
}

void check_trial(struct findings *f, const struct ctl *c, char *ret_path)
{
	struct crl_config *config = NULL;
	struct crl_in_force in_force;
	char until[32], dir[PATH_MAX];

	crl_ignore(crl_trial_load(c->config, &config, &in_force, NULL)); /* check_config() tells what is wrong with it */
	crl_config_free(config);
	(void)snprintf(ret_path, PATH_MAX, "%s", in_force.path);
	ctl_beside_config(c, CRL_TRIAL_DIR, dir);
	crl_trial_until(&in_force.trial, until, sizeof(until));
	if (in_force.fell_back)
		find(f, WARNING, in_force.why.file[0] ? in_force.why.file : dir, in_force.why.line, "carrelctl try --cancel",
		     "the configuration on trial cannot be read, so the one before it counts: %s", in_force.why.text);
	else if (in_force.state == CRL_TRIAL_RUNNING)
		find(f, WARNING, dir, 0, "carrelctl confirm in a new login, or carrelctl try --cancel",
		     "this configuration is on trial until %s: then the one before it counts again", until);
	else if (in_force.state == CRL_TRIAL_CONFIRMED)
		find(f, WARNING, dir, 0, "carrelctl confirm", "a confirmed configuration is not yet in place");
	else if (in_force.state == CRL_TRIAL_OVER)
		find(f, WARNING, dir, 0, "carrelctl try --cancel", "left over from a trial that ended unconfirmed at %s", until);
	else if (in_force.state == CRL_TRIAL_BROKEN)
		find(f, WARNING, dir, 0, "carrelctl try --cancel", "no trial can be read there, so none counts: %s",
		     in_force.why.text);
}
