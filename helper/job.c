// SPDX-License-Identifier: Apache-2.0
/*
 * Birth and end of a job and of a room, and how a login is refused.
 *
 * Runs in: helper.
 */
#include "helper/helper.h"

#include <inttypes.h>
#include <syslog.h>

#include "base/log.h"
#include "helper/manager.h"
#include "proto/needs.h"

struct crl_job *crl_job_new(const struct crl_options *options)
{
	struct crl_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->options = options;
	job->channel = CRL_CHANNEL_FD;
	job->app_pidfd = -EBADF;
	job->init_channel = job->making = job->drain = job->housing.answer = -EBADF;
	job->state = (struct crl_state){-EBADF, -EBADF, -EBADF};
	job->cgroup.root = job->cgroup.slice = job->cgroup.dir = job->cgroup.lock[0] = job->cgroup.lock[1] = -EBADF;
	job->cgroup.used[0] = job->cgroup.used[1] = -EBADF;
	return job;
}

void crl_job_done(struct crl_job *job)
{
	drop_fd(&job->channel);
	drop_fd(&job->app_pidfd);
	drop_fd(&job->drain);
	drop_fd(&job->init_channel);
	drop_fd(&job->making);
	crl_systemd_question_done(&job->housing);
	drop_fd(&job->cgroup.root);
	drop_fd(&job->cgroup.slice);
	drop_fd(&job->cgroup.dir);
	drop_fd(&job->cgroup.lock[0]);
	drop_fd(&job->cgroup.lock[1]);
	crl_manager_use_no_more(job->cgroup.used);
	crl_state_done(&job->state);
	crl_policy_done(&job->policy);
	crl_config_free(job->config);
	free(job);
}

struct crl_room *crl_room_new(void)
{
	struct crl_room *room = calloc(1, sizeof(*room));

	if (!room)
		return NULL;
	room->state = (struct crl_state){-EBADF, -EBADF, -EBADF};
	room->init_pidfd = room->proc = room->utmp = room->listen = room->lock = room->cgroup_root = -EBADF;
	room->home = room->tmp = room->kernlog = room->seat_fd = room->recording.copy = -EBADF;
	room->used[0] = room->used[1] = -EBADF;
	return room;
}

/* One line for the log with everything, one record for the module, which tells the user almost nothing. */
void crl_refuse(const struct crl_job *job, const struct crl_err *err)
{
	char user[CRL_USER_MAX * 4], service[CRL_SERVICE_MAX * 4], detail[1024];
	struct crl_err said = *err;

	crl_err_add_kernel(&said);
	crl_err_format(&said, detail, sizeof(detail));
	crl_log(err->stage == CRL_STAGE_DRAIN ? LOG_NOTICE : LOG_ERR /* a host that is drained is no fault */,
		"id=%s refused user=%s uid=%" PRIu32 " service=%s policy=%s %s", job->id,
		crl_escape(user, sizeof(user), job->login.user), job->login.uid,
		crl_escape(service, sizeof(service), job->login.service),
		job->policy.name[0] ? job->policy.name : job->rule ? job->rule->policy : "-", detail);
	crl_ignore(crl_msg_send(job->channel, CRL_MSG_REFUSED, &said, sizeof(said), NULL, 0)); /* it may be gone */
}
