// SPDX-License-Identifier: Apache-2.0
/*
 * No new logins while the operator has the host drained. Who is exempt (root, the break-glass group) never gets here:
 * the module lets them in by itself.
 *
 * Runs in: helper (root), before anything is made for the login.
 * R1: what cannot be read or locked lets in, and says so. R2: the lock is held until the login is on record. R3: who is
 * refused never has it: a user who tries again and again would keep it from the operator, who waits for it alone.
 */
#include "helper/drain.h"

#include <sys/file.h>
#include <syslog.h>

#include "base/err.h"
#include "base/log.h"
#include "base/phrases.h"
#include "helper/job.h"
#include "policy/file/load.h"
#include "state/drain.h"
#include "state/trial/trial.h"

/* What the host is told in, and whom users can ask: the configuration has not been asked for yet. */
static void ask_host(const struct crl_job *job, struct crl_err *err)
{
	struct crl_config *config = NULL;
	struct crl_in_force in_force;

	if (crl_trial_load(job->options->config, &config, &in_force, NULL) == 0) {
		err->language = crl_config_language(config);
		crl_err_contact(err, crl_config_contact(config));
	}
	crl_config_free(config);
}

/* @tell  log what cannot be read */
static int look(const struct crl_job *job, bool tell, struct crl_err *err)
{
	struct crl_err why = {0};
	struct crl_drain d;

	switch (crl_drain_look(job->state.dir, &d, &why)) {
	case CRL_DRAIN_ON:
		crl_ignore(crl_err_set(err, EAGAIN, CRL_STAGE_DRAIN, "this host%s%s",
				       d.text[0] ? CRL_DRAINED_SAYS : " takes no new logins now", d.text));
		ask_host(job, err);
		return -EAGAIN;
	case CRL_DRAIN_BROKEN:
		if (tell)
			crl_log(LOG_WARNING, "id=%s uid=%u: %s", job->id, job->login.uid, why.text); /* R1 */
		return 0;
	case CRL_DRAIN_NONE:
	case CRL_DRAIN_OVER:
		break;
	}
	return 0;
}

int crl_refuse_drained(struct crl_job *job, struct crl_err *err)
{
	int rc;

	if (job->options->rehearse) /* nobody logs in */
		return 0;
	rc = look(job, false, err); /* R3 */
	if (rc < 0)
		return rc;
	crl_ignore(crl_drain_lock(job->state.dir, LOCK_SH, &job->drain)); /* R1, R2 */
	return look(job, true, err); /* it may have begun meanwhile */
}
