// SPDX-License-Identifier: Apache-2.0
/*
 * See live.h.
 *
 * Runs in: helper, steward (root).
 */
#include "state/rooms/live.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>

#include "base/dir.h"
#include "base/scope.h"
#include "state/rooms/rooms.h"

#define ID_LEN 8
#define NOTE_KEY "cgroup_root="

bool crl_id_is_valid(const char *text)
{
	return strlen(text) == ID_LEN && strspn(text, "abcdefghijkmnpqrstuvwxyz23456789") == ID_LEN;
}

/* Cuts @path. */
static int take_units(struct crl_live *live, char *path)
{
	char *rest = NULL;
	int rc = 0;

	for (const char *unit = strtok_r(path, "/", &rest); unit && rc == 0; unit = strtok_r(NULL, "/", &rest))
		rc = crl_words_add(&live->units, unit);
	return rc;
}

static int take_room(struct crl_live *live, struct crl_room_info *room)
{
	int rc = room->cgroup_root ? crl_words_add(&live->roots, room->cgroup_root) : 0;

	if (rc < 0 || room->stale)
		return rc;
	rc = crl_words_add(&live->names, room->name);
	if (rc == 0)
		rc = crl_words_add(&live->ids, room->id);
	if (rc == 0)
		rc = take_units(live, room->slice);
	for (size_t i = 0; i < room->logins && rc == 0; i++) {
		rc = crl_words_add(&live->ids, room->login[i].id);
		if (room->login[i].pid > 0)
			live->app[live->apps++] = room->login[i].pid;
	}
	return rc;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return x < y ? -1 : x > y;
}

int crl_live_read(const char *state, struct crl_live *ret, struct crl_err *err)
{
	struct crl_rooms rooms;
	size_t logins = 1;
	int rc;

	*ret = (struct crl_live){.apps = 0};
	rc = crl_rooms_read(state, &rooms, err);
	if (rc < 0)
		return rc;
	/*
	 * A file that is no record is nobody's; what else cannot be read may be somebody's, as a living supervisor's
	 * copy.
	 */
	if (rooms.unreadable > 0 && (rooms.error != -EBADMSG || rooms.unreadable_name[0] == '/')) {
		crl_rooms_done(&rooms);
		return crl_err_set(err, EIO, CRL_STAGE_STATE, "a room's record cannot be read");
	}
	for (size_t i = 0; i < rooms.len; i++)
		logins += rooms.item[i].logins;
	ret->app = calloc(logins, sizeof(*ret->app));
	rc = ret->app ? 0 : -ENOMEM;
	for (size_t i = 0; i < rooms.len && rc == 0; i++)
		rc = take_room(ret, &rooms.item[i]);
	crl_rooms_done(&rooms);
	if (rc < 0) {
		crl_live_done(ret);
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	}
	crl_words_sort(&ret->names);
	crl_words_sort(&ret->ids);
	crl_words_sort(&ret->units);
	crl_words_sort(&ret->roots);
	qsort(ret->app, ret->apps, sizeof(*ret->app), compare_pids);
	return 0;
}

void crl_live_done(struct crl_live *live)
{
	crl_words_done(&live->names);
	crl_words_done(&live->ids);
	crl_words_done(&live->units);
	crl_words_done(&live->roots);
	free(live->app);
	*live = (struct crl_live){.apps = 0};
}

bool crl_live_has_app(const struct crl_live *live, pid_t pid)
{
	return live->apps > 0 && bsearch(&pid, live->app, live->apps, sizeof(pid), compare_pids) != NULL;
}

int crl_making_note(int lock, const char *root)
{
	if (!root[0] || lock < 0)
		return 0;
	return dprintf(lock, NOTE_KEY "%s\n", root) < 0 ? -EIO : 0;
}

static int take_note(struct crl_making *m, int lock)
{
	char text[PATH_MAX + sizeof(NOTE_KEY) + 1];
	ssize_t n = pread(lock, text, sizeof(text) - 1, 0);
	char *end;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	end = strchr(text, '\n'); /* a line that is not whole is no note: nothing was made yet */
	if (!end || strncmp(text, NOTE_KEY, strlen(NOTE_KEY)) != 0)
		return 0;
	*end = '\0';
	return crl_words_add(&m->roots, text + strlen(NOTE_KEY));
}

static int look_at_lock(const struct crl_state *s, const char *file, struct crl_making *m)
{
	const char *dot = strrchr(file, '.');
	scoped_fd lock = -EBADF;
	char id[CRL_KEY_MAX];
	int rc;

	if (!dot || strcmp(dot, ".lock") != 0 || dot - file != ID_LEN)
		return 0;
	(void)snprintf(id, sizeof(id), "%.*s", ID_LEN, file);
	if (!crl_id_is_valid(id))
		return 0;
	rc = crl_state_lock(s, id, LOCK_EX | LOCK_NB, &lock);
	if (rc == 0)
		return take_note(m, lock);
	return crl_words_add(&m->held, id); /* whatever the reason: who cannot be asked counts as living */
}

/* R1: after the traces, before crl_live_read(). */
int crl_making_read(const struct crl_state *s, struct crl_making *ret, struct crl_err *err)
{
	scoped(crl_dir) dir = {0};
	int rc = 0;

	*ret = (struct crl_making){.held.len = 0};
	(void)crl_dir_open(s->rooms, ".", &dir);
	for (const char *file; rc == 0 && (file = crl_dir_next(&dir));)
		rc = look_at_lock(s, file, ret);
	if (dir.error < 0) { /* nobody knows then who is being made */
		crl_making_done(ret);
		return crl_err_set(err, -dir.error, CRL_STAGE_STATE, "cannot read the records' directory");
	}
	if (rc < 0) {
		crl_making_done(ret);
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "out of memory");
	}
	crl_words_sort(&ret->held);
	crl_words_sort(&ret->roots);
	return 0;
}

void crl_making_done(struct crl_making *m)
{
	crl_words_done(&m->held);
	crl_words_done(&m->roots);
}
