// SPDX-License-Identifier: Apache-2.0
/*
 * The rooms that live, each known by its file in STATE/shown and held by its init's pidfd.
 *
 * Runs in: carrel-steward.
 * R1: what a supervisor can write is not believed: STATE/shown is out of its reach, and the init that is meant is
 * proved by its start time after its pidfd is held.
 */
#include "helper/steward/follow.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/dir.h"
#include "base/log.h"
#include "state/rooms/errand_room.h"
#include "state/rooms/live.h"

static void on_end(struct crl_steward *s, int fd, uint32_t events, void *arg)
{
	struct followed *f = arg;
	struct rooms *rooms = f->rooms;

	(void)events;
	crl_follow_forget(f);
	crl_steward_unwatch(s, fd);
	drop_fd(&f->pidfd);
	crl_steward_room_ended(s);
	(void)unlinkat(rooms->shown, f->shown.id, 0);
	crl_errand_room_remove(s->state.dir, f->shown.uid, f->shown.id);
	rooms->item[f->at] = rooms->item[--rooms->len];
	rooms->item[f->at]->at = f->at;
	crl_shown_done(&f->shown);
	free(f->host_name);
	free(f);
}

static bool is_known(const struct rooms *rooms, const char *id)
{
	for (size_t i = 0; i < rooms->len; i++)
		if (strcmp(rooms->item[i]->shown.id, id) == 0)
			return true;
	return false;
}

static int take_host_name(struct followed *f)
{
	for (size_t i = 0; i < f->shown.entries; i++) {
		if (f->shown.entry[i].kind != CRL_MOUNT_HOSTS)
			continue;
		free(f->host_name);
		f->host_name = strdup(f->shown.entry[i].data);
		if (!f->host_name)
			return -ENOMEM;
		f->shown.entry[i].data = "";
	}
	return 0;
}

/* What it shows is its set's from here on. */
static int join_set(struct rooms *rooms, struct followed *f)
{
	int rc;

	if (f->shown.ns == 0 || f->shown.entries == 0)
		return 0;
	rc = take_host_name(f);
	if (rc < 0)
		return rc;
	f->set = crl_sets_join(&rooms->sets, &f->shown,
			       crl_follow_open_namespace(f->shown.supervisor, f->shown.supervisor_start));
	return f->set ? 0 : -ENOMEM;
}

/* R1. Returns 0; -ESRCH it is gone; -errno. */
static int hold(struct crl_steward *s, struct rooms *rooms, struct followed *f)
{
	struct followed **bigger = reallocarray(rooms->item, rooms->len + 1, sizeof(struct followed *));
	int rc;

	if (!bigger)
		return -ENOMEM;
	rooms->item = bigger;
	f->pidfd = pidfd_open(f->shown.init, 0);
	if (f->pidfd < 0)
		return -errno;
	if (!crl_shown_lives(&f->shown))
		return -ESRCH;
	rc = crl_steward_watch(s, f->pidfd, EPOLLIN, on_end, f);
	if (rc == 0) {
		rc = join_set(rooms, f);
		if (rc < 0)
			crl_steward_unwatch(s, f->pidfd);
	}
	if (rc == 0) {
		f->rooms = rooms;
		f->at = rooms->len;
		rooms->item[rooms->len++] = f;
	}
	return rc;
}

static struct followed *take_up(struct crl_steward *s, struct rooms *rooms, const char *id)
{
	struct followed *f = calloc(1, sizeof(*f));
	int rc;

	if (!f)
		return NULL;
	f->pidfd = -EBADF;
	rc = crl_shown_load(rooms->shown, id, &f->shown);
	if (rc == 0) {
		rc = hold(s, rooms, f);
		if (rc == 0)
			return f;
		if (rc == -ESRCH)
			(void)unlinkat(rooms->shown, id, 0);
		drop_fd(&f->pidfd);
		crl_shown_done(&f->shown);
	}
	free(f->host_name);
	free(f);
	if (rc != -ESRCH && rc != -ENOENT)
		crl_log(LOG_WARNING, "room=%s: does not follow the host: %s", id, strerror(-rc));
	return NULL;
}

void crl_steward_take(struct crl_steward *s, struct rooms *rooms, const char *name, void (*on_new)(struct followed *f))
{
	struct followed *f = crl_id_is_valid(name) && !is_known(rooms, name) ? take_up(s, rooms, name) : NULL;

	if (f)
		on_new(f);
}

void crl_steward_look(struct crl_steward *s, struct rooms *rooms, void (*on_new)(struct followed *f))
{
	scoped(crl_dir) dir = {0};

	(void)crl_dir_open(rooms->shown, ".", &dir);
	for (const char *name; (name = crl_dir_next(&dir));)
		crl_steward_take(s, rooms, name, on_new);
}
