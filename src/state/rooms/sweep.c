// SPDX-License-Identifier: Apache-2.0
/*
 * Remove what the dead have left below STATE/rooms: records, sockets, locks, files half written.
 *
 * R1: a name's files are removed with its lock held, after another look: a room that has taken the name meanwhile keeps
 * all. Who holds the lock is making, joining or ending a room of that name, or is a login on its way: left alone.
 * R2: what cannot be read is not dead; what is no record is nobody's.
 *
 * Runs in: helper (root), in the process of the sweep; crl_record_each_cgroup() in the room's init, too.
 */
#include "state/rooms/sweep.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/dir.h"
#include "state/rooms/room_text.h"

/* Locks of systemd's slices: whoever sets limits there takes those away. */
static const char *const others[] = {"limits-", "used-"};

static void each_cgroup(const struct crl_room_info *room, crl_sweep_cgroup *each, void *arg)
{
	for (size_t i = 0; i < room->logins && room->slice[0]; i++)
		if (room->login[i].cgroup)
			each(arg, crl_room_cgroup_root(room), room->slice, room->login[i].id);
}

void crl_record_each_cgroup(const struct crl_state *s, const char *name, const char *id, crl_sweep_cgroup *each,
			    void *arg)
{
	struct crl_room_info room;

	if (crl_room_load(s->rooms, name, &room) < 0)
		return;
	if (strcmp(room.id, id) == 0)
		each_cgroup(&room, each, arg);
	crl_room_info_done(&room);
}

static bool has_unit(char *path, const char *unit)
{
	char *rest = NULL;

	for (const char *name = strtok_r(path, "/", &rest); name; name = strtok_r(NULL, "/", &rest))
		if (strcmp(name, unit) == 0)
			return true;
	return false;
}

bool crl_record_has_slice(int rooms_dir, const char *file, const char *slice)
{
	struct crl_room_info room;
	char name[CRL_KEY_MAX];
	bool has;
	int rc;

	if (!crl_room_file_name(file, name))
		return false;
	rc = crl_room_load(rooms_dir, name, &room);
	if (rc < 0)
		return rc != -ENOENT && rc != -EBADMSG; /* R2 */
	has = !room.stale && has_unit(room.slice, slice);
	crl_room_info_done(&room);
	return has;
}

static bool is_others(const char *name)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(others); i++)
		if (strncmp(name, others[i], strlen(others[i])) == 0)
			return true;
	return false;
}

/* The names that have files of ours, without those of living rooms. */
static int read_names(const struct crl_state *s, const struct crl_live *live, struct crl_words *ret)
{
	static const char *const suffix[] = {".room", ".new", ".sock", ".lock"};
	scoped(crl_dir) dir = {0};
	int rc = crl_dir_open(s->rooms, ".", &dir);

	for (const char *file; rc == 0 && (file = crl_dir_next(&dir));) {
		const char *dot = strrchr(file, '.');
		char name[CRL_KEY_MAX];
		bool ours = false;

		for (size_t i = 0; dot && i < CRL_ARRAY_LEN(suffix); i++)
			ours |= strcmp(dot, suffix[i]) == 0;
		if (!ours || dot == file || (size_t)(dot - file) >= sizeof(name))
			continue;
		(void)snprintf(name, sizeof(name), "%.*s", (int)(dot - file), file);
		if (!is_others(name) && !crl_words_has(&live->names, name))
			rc = crl_words_add(ret, name);
	}
	crl_words_sort(ret);
	return rc;
}

static bool has_left(const struct crl_room_info *room, crl_sweep_keeps *keeps, void *arg)
{
	for (size_t i = 0; i < room->logins; i++)
		if (room->login[i].cgroup && keeps(arg, room->login[i].id))
			return true;
	return false;
}

/* R1. Returns whether a room was removed. */
static bool sweep_name(const struct crl_state *s, const char *name, crl_sweep_keeps *keeps, void *arg)
{
	struct crl_room_info room = {.stale = true};
	scoped_fd lock = -EBADF;
	bool stays;
	int rc;

	if (crl_state_lock(s, name, LOCK_EX | LOCK_NB, &lock) < 0)
		return false;
	rc = crl_room_load(s->rooms, name, &room);
	stays = rc < 0 ? rc != -ENOENT && rc != -EBADMSG /* R2 */ : !room.stale || has_left(&room, keeps, arg);
	if (rc == 0)
		crl_room_info_done(&room);
	if (stays || keeps(arg, name))
		return false;
	crl_record_remove(s->rooms, name);
	return rc != -ENOENT;
}

int crl_state_sweep(const struct crl_state *s, const struct crl_live *live, crl_sweep_keeps *keeps, void *arg)
{
	scoped(crl_words) names = {.len = 0};
	int rc = read_names(s, live, &names), swept = 0;

	for (size_t i = 0; i < names.len && rc == 0; i++)
		swept += sweep_name(s, names.item[i], keeps, arg);
	return rc < 0 ? rc : swept;
}
