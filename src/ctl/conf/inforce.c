// SPDX-License-Identifier: Apache-2.0
/* The configuration that counts now; see inforce.h. */
#include "ctl/conf/inforce.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "ctl/print/out.h"
#include "state/trial/trial.h"

int ctl_load_config(const struct ctl *c, struct crl_config **ret, struct crl_err *err)
{
	struct crl_in_force f;
	int rc = crl_trial_load(c->config, ret, &f, err);

	if (f.fell_back || f.state == CRL_TRIAL_BROKEN)
		(void)ctl_complain(c, CTL_FAIL, "warning: the configuration on trial does not count: %s", f.why.text);
	else if (f.state == CRL_TRIAL_RUNNING)
		(void)ctl_complain(c, CTL_YES, "this is on trial for another %" PRIu64 " s: %s",
				   (f.left_ms + 999) / 1000, f.path);
	else if (f.state == CRL_TRIAL_CONFIRMED)
		(void)ctl_complain(c, CTL_YES,
				   "warning: confirmed, but not yet in place (carrelctl confirm does it): %s", f.path);
	return rc;
}

void ctl_beside_config(const struct ctl *c, const char *name, char *buf)
{
	const char *slash = strrchr(c->config, '/');

	(void)snprintf(buf, PATH_MAX, "%.*s/%s", slash ? (int)(slash - c->config) : 1, slash ? c->config : ".", name);
}
