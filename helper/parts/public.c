// SPDX-License-Identifier: Apache-2.0
/*
 * The public layer (store/public.h): what of the host's tree a room with a user namespace of its own lies on.
 *
 * It is looked through while the namespace is made, and mapped by that. A room whose root is another room's mount lies
 * on that one's copies, and holds those; which they are is noted beside the kept root.
 *
 * Runs in: helper (root, host namespaces); supervisor, which holds the copies until nothing runs in the room; sweep.
 * R1: no room of that kind over the host without the layer.
 */
#include "helper/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "helper/job.h"
#include "helper/kept_room.h"
#include "helper/sweep.h"
#include "plan/mounts/plan.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "store/public.h"

#define NOTE "public" /* beside a kept root: the number of the copies below it */
#define NOTE_BESIDE ".new-public"

static bool is_wanted(const struct crl_job *job)
{
	return crl_policy_owns_users(&job->policy) && job->policy.root_mode == CRL_ROOT_OVERLAY;
}

static int hold(struct crl_job *job, struct crl_err *err)
{
	uint64_t number;
	int rc = crl_file_read_number(job->root.entry.dir, NOTE, &number);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot read what the kept root lies on");
	return crl_public_hold(crl_config_store(job->config), number, &job->public.use, err);
}

static int note(const struct crl_job *job, struct crl_err *err)
{
	char text[32];
	struct crl_file f = {.name = NOTE, .beside = NOTE_BESIDE, .data = text, .mode = 0600};
	int rc;

	f.len = (size_t)snprintf(text, sizeof(text), "%" PRIu64 "\n", job->public.number);
	rc = crl_file_replace(job->root.entry.dir, &f);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot note what the kept root lies on") : 0;
}

static int prepare(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	const struct crl_strv *show = &job->policy.user_show;
	const struct crl_public_wish wish = {
		.store = crl_config_store(job->config),
		.show = (const char *const *)show->item,
		.show_len = show->len,
		.patience_ms = crl_job_patience_ms(job) - crl_now_ms(),
	};
	int rc;

	(void)room;
	if (!is_wanted(job))
		return 0;
	if (job->root.shared >= 0)
		return hold(job, err);
	rc = crl_public_take(&wish, &job->public, err);
	if (rc == 0 && job->root.data >= 0)
		rc = note(job, err);
	return rc < 0 ? crl_err_wrap(err, rc, CRL_STAGE_MOUNT, "what the host shows to all") : 0;
}

/* R1 */
static int look(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	const struct crl_public *p = &job->public;
	int rc;

	if (!is_wanted(job) || job->root.shared >= 0)
		return 0;
	rc = crl_public_map(p, crl_config_store(job->config), job->user.ns.user, err);
	if (rc < 0)
		return rc;
	host->public = (struct crl_host_public){p->files + 1, p->host + 1, p->closed + 1};
	return 0;
}

static int stand(struct crl_job *job, struct crl_kept *room, struct crl_err *err)
{
	(void)err;
	room->public_use = take_fd(&job->public.use);
	return 0;
}

static void settle(struct crl_job *job, struct crl_kept *room)
{
	(void)room;
	crl_public_done(&job->public);
}

static void room_end(struct crl_kept *room)
{
	drop_fd(&room->public_use);
}

/* What a child of ours has of the lock holds nothing from then on. */
static void undo(struct crl_job *job, struct crl_kept *room)
{
	if (job->public.use >= 0)
		(void)flock(job->public.use, LOCK_UN);
	if (room && room->public_use >= 0)
		(void)flock(room->public_use, LOCK_UN);
	if (room)
		drop_fd(&room->public_use);
	crl_public_done(&job->public);
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	struct crl_config *config;
	int rc;

	/* Where the store is nobody says: the rest is swept all the same, and a later sweep comes here again. */
	if (crl_config_load(s->config, &config, NULL) < 0)
		return 0;
	rc = crl_public_sweep(crl_config_store(config), err);
	crl_config_free(config);
	if (rc > 0)
		crl_log(LOG_INFO, "the public layer: %d lists and copies were old", rc);
	return rc < 0 ? rc : 0;
}

const struct crl_part crl_part_public = {
	.name = "public",
	.prepare = prepare,
	.look = look,
	.stand = stand,
	.settle = settle,
	.room_end = room_end,
	.undo = undo,
	.leaves = "STORE/public",
	.sweep = sweep,
};
