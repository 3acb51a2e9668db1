// SPDX-License-Identifier: Apache-2.0
/*
 * See job.h.
 *
 * Runs in: helper; init, for its copy.
 */
#include "helper/job.h"

#include "base/err.h"
#include "base/needs.h"
#include "helper/event.h"
#include "helper/parts/ask_systemd.h"
#include "helper/parts/manager.h"
#include "helper/parts/systemd_used.h"
#include "helper/service.h"
#include "plan/filter/filter.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "state/rooms/record.h"
#include "wire/fdpass.h"
#include "wire/proto.h"

#define PATIENCE_LESS 10 /* this part of the login's time is left to the module */

struct crl_job *crl_job_new(const struct crl_options *options)
{
	struct crl_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->filter = malloc(sizeof(*job->filter)); /* 32 KiB, of which a filter needs three */
	if (!job->filter) {
		free(job);
		return NULL;
	}
	job->filter->len = 0;
	job->options = options;
	job->channel = CRL_CHANNEL_FD;
	job->app_pidfd = job->score = -EBADF;
	job->home = (struct crl_lent)CRL_LENT_INIT;
	job->root = (struct crl_lent)CRL_LENT_INIT;
	job->user.ns = (struct crl_userns)CRL_USERNS_INIT;
	job->network.joined = -EBADF;
	job->public = (struct crl_public)CRL_PUBLIC_INIT;
	job->home_lower = job->image = job->init_channel = job->making = job->drain = job->housing.answer =
		job->listen_orders = -EBADF;
	job->state = (struct crl_state){-EBADF, -EBADF, -EBADF};
	job->cgroup.root = job->cgroup.slice = job->cgroup.dir = job->cgroup.lock[0] = job->cgroup.lock[1] = -EBADF;
	job->cgroup.used[0] = job->cgroup.used[1] = -EBADF;
	job->cgroup.manager = &crl_manager_cgroupfs; /* until it is known; it has nothing to undo yet */
	return job;
}

int crl_job_net(const struct crl_job *job)
{
	return job->network.joined >= 0 ? job->network.joined : job->user.ns.net;
}

void crl_job_done(struct crl_job *job)
{
	drop_fd(&job->channel);
	drop_fd(&job->app_pidfd);
	drop_fd(&job->drain);
	drop_fd(&job->score);
	drop_fd(&job->init_channel);
	drop_fd(&job->image);
	drop_fd(&job->home_lower);
	drop_fd(&job->user.ns.user);
	drop_fd(&job->user.ns.net);
	drop_fd(&job->network.joined);
	crl_lent_done(&job->home);
	crl_lent_done(&job->root);
	crl_public_done(&job->public);
	crl_nat_rules_done(&job->network.rules);
	crl_nat_resolv_done(&job->network.resolv);
	drop_fd(&job->making);
	crl_question_done(&job->housing);
	drop_fd(&job->listen_orders);
	drop_fd(&job->cgroup.root);
	drop_fd(&job->cgroup.slice);
	drop_fd(&job->cgroup.dir);
	drop_fd(&job->cgroup.lock[0]);
	drop_fd(&job->cgroup.lock[1]);
	crl_manager_use_no_more(job->cgroup.used);
	crl_state_done(&job->state);
	crl_policy_done(&job->policy);
	crl_config_free(job->config);
	free(job->filter);
	free(job);
}

uint64_t crl_job_grace_s(const struct crl_job *job)
{
	return job->options->rehearse ? 0 : job->policy.grace_s;
}

int64_t crl_job_patience_ms(const struct crl_job *job)
{
	return job->deadline_ms - (int64_t)job->options->timeout_s * 1000 / PATIENCE_LESS;
}

enum crl_language crl_job_language(const struct crl_job *job)
{
	enum crl_language language = job->config ? crl_config_language(job->config) : CRL_LANGUAGE_EN;

	return job->policy.name[0] ? crl_policy_language(&job->policy, language) : language;
}

const char *crl_job_contact(const struct crl_job *job)
{
	return job->config ? crl_config_contact(job->config) : "";
}

void crl_job_refuse(const struct crl_job *job, const struct crl_err *err)
{
	struct crl_err said = *err;

	crl_err_add_kernel(&said);
	crl_service_blame(&said);
	crl_event_refused(job, &said);
	(void)snprintf(said.login, sizeof(said.login), "%s", job->id);
	(void)snprintf(said.policy, sizeof(said.policy), "%s", crl_event_policy(job));
	said.language = job->config ? crl_job_language(job) : err->language;
	if (job->config)
		crl_err_contact(&said, crl_job_contact(job));
	crl_ignore(crl_msg_send(job->channel, CRL_MSG_REFUSED, &said, sizeof(said), NULL, 0)); /* it may be gone */
}
