// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-helper --reload: give live rooms the limits that their policies have now.
 *
 * One line a room on standard output, for carrelctl: room, user, policy, "limits" or why not; tabs between them.
 * All else of a changed policy is part of how a room was made and comes with the next login.
 *
 * Runs in: root, host namespaces, started by carrelctl.
 */
#include "helper/reload.h"

#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/text.h"
#include "helper/job.h"
#include "helper/parts/manager.h"
#include "helper/process/clock.h"
#include "policy/file/digest.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/template.h"
#include "state/rooms/record.h"
#include "state/rooms/rooms.h"
#include "state/trial/trial.h"
#include "wire/login.h"
#include "wire/proto.h"

/* The policy as it is now, for a user of whom no more is known than name and number. */
static int read_policy(struct crl_job *job, const char *name, struct crl_err *err)
{
	char host[CRL_FACT_MAX] = "";
	const struct crl_facts facts = {.login = &job->login, .host = host};
	struct crl_in_force in_force;
	int rc = crl_trial_load(job->options->config, &job->config, &in_force, err);

	if (rc == 0)
		rc = crl_config_policy(job->config, name, &job->policy, err);
	if (rc < 0)
		return rc;
	if (gethostname(host, sizeof(host) - 1) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "cannot read the host's name");
	return crl_expand_limits(&job->policy.limits, &facts, err);
}

static int set_limits(struct crl_job *job, const struct crl_room_info *room, struct crl_err *err)
{
	int rc = read_policy(job, room->policy, err);
	bool off;

	if (rc == 0)
		rc = crl_state_open(job->options->state, &job->state, err);
	off = job->policy.need[CRL_FEATURE_LIMITS] == CRL_NEED_OFF;
	if (rc == 0 && !room->slice[0] && (off || !crl_policy_names_limits(&job->policy)))
		return 0;
	if (rc == 0 && (off || !room->slice[0]))
		return crl_err_set(err, ENOENT, CRL_STAGE_LIMITS, "%s: that needs a new login",
				   room->slice[0] ? "features.limits is off now"
						  : "the room was made without a cgroup");
	if (rc == 0)
		rc = crl_id_make(job->id);
	if (rc < 0)
		return rc;
	job->deadline_ms = crl_now_ms() + (int64_t)job->options->timeout_s * 1000;
	return crl_manager_of(job)->reload(job, room, err);
}

/* Settings that a reload leaves alone, as a list with commas. */
static void tell_change(void *arg, const char *path)
{
	bool *first = arg;

	if (strncmp(path, "limits.", 7) == 0 && strcmp(path, "limits.oom_score_adj") != 0)
		return;
	(void)printf("%s%s", *first ? "" : ", ", path);
	*first = false;
}

static void tell_changes(const struct crl_job *job, const struct crl_room_info *room)
{
	bool first = true;
	struct crl_changes_to to = {.digests = room->values, .each = tell_change, .arg = &first};

	(void)putchar('\t');
	if (!room->values[0] || !job || !job->config)
		(void)printf("(not on record)");
	else
		crl_ignore(crl_policy_changes(job->config, room->policy, &to, NULL));
	(void)putchar('\n');
}

static bool reload_room(const struct crl_options *options, const struct crl_room_info *room)
{
	struct crl_job *job = crl_job_new(options);
	char user[CRL_USER_MAX * 4];
	struct crl_err err = {0};
	int rc = -ENOMEM;

	if (job && room->user[0]) { /* with logins or without */
		job->login.uid = room->uid;
		job->login.gid = room->gid;
		(void)snprintf(job->login.user, sizeof(job->login.user), "%s", room->user);
		(void)snprintf(job->login.home, sizeof(job->login.home), "%s", room->home);
		rc = set_limits(job, room, &err);
	}
	(void)printf("%s\t%s\t%s\t%s", room->id, crl_visible_field(user, sizeof(user), room->user), room->policy,
		     rc == 0       ? "limits"
		     : err.text[0] ? err.text
				   : "its user is not on record");
	tell_changes(job, room);
	if (rc < 0)
		crl_log(LOG_WARNING, "room=%s policy=%s: limits not reloaded: %s", room->id, room->policy, err.text);
	if (job) {
		job->channel = -EBADF; /* the descriptor of that number is not ours here */
		crl_job_done(job);
	}
	return rc == 0;
}

int crl_reload(const struct crl_options *options, struct crl_err *err)
{
	struct crl_rooms rooms;
	int failed = 0;
	int rc = crl_check_clock(err);

	if (rc == 0)
		rc = crl_rooms_read(options->state, &rooms, err);
	if (rc < 0)
		return rc;
	if (rooms.unreadable > 0) {
		crl_log(LOG_WARNING, "%s: not a record that can be read: %s", rooms.unreadable_name,
			strerror(-rooms.error));
		failed++;
	}
	for (size_t i = 0; i < rooms.len; i++)
		failed += !rooms.item[i].stale && !reload_room(options, &rooms.item[i]);
	crl_rooms_done(&rooms);
	return fflush(stdout) != 0 ? -EIO : failed;
}
