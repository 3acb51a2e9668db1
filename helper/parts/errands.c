// SPDX-License-Identifier: Apache-2.0
/*
 * Which programs of this host a policy's errands are, and by what a room reaches who runs them.
 *
 * Runs in: helper (root, host namespaces). Trusts: programs that are root's all the way (apply/errand_program.h).
 * A program that is not there, or will not do, is none of the room's: nothing stands in its place, and it is as it was.
 */
#include "helper/parts.h"

#include <limits.h>
#include <string.h>
#include <syslog.h>

#include "apply/errand_program.h"
#include "base/err.h"
#include "base/log.h"
#include "base/nskind.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/process/beside.h"
#include "helper/sweep.h"
#include "plan/mounts/plan.h"
#include "policy/errands.h"
#include "policy/policy.h"
#include "state/errand_place.h"
#include "state/rooms/errand_room.h"

static bool is_listed(const struct crl_host *host, const char *path)
{
	for (size_t i = 0; i < host->errand_programs_len; i++)
		if (strcmp(host->errand_programs[i], path) == 0)
			return true;
	return false;
}

static int list(struct crl_host *host, const char *path)
{
	char **grown;

	if (is_listed(host, path))
		return 0;
	grown = reallocarray(host->errand_programs, host->errand_programs_len + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	host->errand_programs = grown;
	grown[host->errand_programs_len] = strdup(path);
	return grown[host->errand_programs_len] ? (host->errand_programs_len++, 0) : -ENOMEM;
}

static int find(struct crl_host *host, const struct crl_errand *e, const char *path)
{
	struct crl_err why = {0};
	char found[PATH_MAX];
	int rc = crl_errand_program_find(e, path, found, &why);

	if (rc == 0)
		return list(host, found);
	if (rc != -ENOENT)
		crl_log(LOG_DEBUG, "errand %s: %s", e->call, why.text);
	return 0;
}

/* Without it the programs are there as on the host, and have no power. */
static int find_client(const struct crl_job *job, struct crl_host *host)
{
	char path[PATH_MAX];
	int rc = crl_beside(CRL_ERRAND_PROGRAM, path, sizeof(path));

	if (rc < 0) {
		crl_log(LOG_WARNING, "id=%s: the room has no errands: " CRL_ERRAND_PROGRAM ": %s", job->id,
			rc == -EPERM ? "it is not root's alone" : strerror(-rc));
		return 0;
	}
	host->errand_client = strdup(path);
	return host->errand_client ? 0 : -ENOMEM;
}

static int look(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	scoped_fd place = -EBADF;
	int rc;

	if (!crl_policy_has_errands(p) || !(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) || p->root_mode == CRL_ROOT_IMAGE)
		return 0;
	rc = crl_errand_place_open(job->state.dir, &place); /* a room binds what is there when it is made */
	if (rc < 0) {
		crl_log(LOG_WARNING, "id=%s: the room has no errands: %s/" CRL_ERRAND_DIR ": %s", job->id,
			job->options->state, strerror(-rc));
		return 0;
	}
	rc = find_client(job, host);
	for (size_t i = 0; i < crl_errands_len && rc == 0 && host->errand_client; i++) {
		const struct crl_errand *e = &crl_errands[i];

		if (!crl_strv_has(&p->errands, e->name))
			continue;
		rc = find(host, e, e->path);
		if (rc == 0 && e->other)
			rc = find(host, e, e->other);
	}
	if (rc == 0 && asprintf(&host->errand_place, "%s/" CRL_ERRAND_DIR, job->options->state) < 0) {
		host->errand_place = NULL;
		rc = -ENOMEM;
	}
	return rc < 0 ? crl_err_set(err, ENOMEM, CRL_STAGE_MOUNT, "out of memory") : 0;
}

/* Let the steward know of the room. Without that it has no errands, and lives. */
static int stand(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	struct crl_errand_room e = {.uid = job->login.uid, .init = room->init_pid};
	int rc;

	(void)err;
	if (!crl_policy_has_errands(p) || job->options->rehearse) /* nobody is sent in a rehearsal */
		return 0;
	(void)snprintf(e.id, sizeof(e.id), "%s", job->id);
	(void)snprintf(e.user, sizeof(e.user), "%s", job->login.user);
	(void)snprintf(e.home, sizeof(e.home), "%s", job->login.home);
	(void)snprintf(e.policy, sizeof(e.policy), "%s", p->name);
	for (size_t i = 0; i < p->errands.len; i++) {
		size_t len = strlen(e.errands);

		(void)snprintf(e.errands + len, sizeof(e.errands) - len, "%s%s", i ? "," : "", p->errands.item[i]);
	}
	rc = crl_errand_room_write(job->state.dir, &e);
	if (rc < 0)
		crl_log(LOG_WARNING, "id=%s: the room's errands will be refused: %s", job->id, strerror(-rc));
	return 0;
}

static void undo(struct crl_job *job, struct crl_kept *room)
{
	if (room && crl_policy_has_errands(&job->policy) && !job->options->rehearse)
		crl_errand_room_remove(job->state.dir, job->login.uid, job->id);
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	(void)err;
	crl_ignore(crl_errand_rooms_sweep(s->state.dir)); /* what is left counts for nothing, and goes the next time */
	return 0;
}

const struct crl_part crl_part_errands = {
	.name = "errands",
	.look = look,
	.stand = stand,
	.undo = undo,
	.end_not = "the steward sees the room's end, and removes its file",
	.leaves = "STATE/errands",
	.sweep = sweep,
};
