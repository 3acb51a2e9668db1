// SPDX-License-Identifier: Apache-2.0
/*
 * Files of live rooms: ids, locks, one record a room, whose text room_text.c knows.
 *
 * Runs in: helper, supervisor, steward (root); carrelctl reads.
 * Trusts: STATE is 0700 and root's (R1), so no name below it can be planted by a user.
 */
#include "state/rooms/record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/file.h"
#include "state/rooms/room_text.h"

static int open_dir(int at, const char *path, int *ret)
{
	scoped_fd fd = -EBADF;
	struct stat st;

	fd = openat(at, path, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(at, path, 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(at, path, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || (st.st_mode & 077) != 0) /* R1 */
		return -EPERM;
	*ret = take_fd(&fd);
	return 0;
}

int crl_state_look(const char *path, struct crl_err *err)
{
	static const char *const names[] = {"", "/rooms", "/cache"};
	char each[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		(void)snprintf(each, sizeof(each), "%s%s", path, names[i]);
		if (lstat(each, &st) < 0) {
			if (errno != ENOENT)
				return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot look at %s", each);
		} else if (!S_ISDIR(st.st_mode) || st.st_uid != 0 || (st.st_mode & 077) != 0) /* R1 */
			return crl_err_set(err, EPERM, CRL_STAGE_STATE,
					   "found %s with mode %04o of uid %u, expected a directory of root's with "
					   "mode 0700",
					   each, (unsigned int)st.st_mode & 07777, st.st_uid);
	}
	return 0;
}

int crl_state_open(const char *path, struct crl_state *ret, struct crl_err *err)
{
	scoped(crl_state) s = {-EBADF, -EBADF, -EBADF};
	int rc;

	rc = open_dir(AT_FDCWD, path, &s.dir);
	if (rc == 0)
		rc = open_dir(s.dir, "rooms", &s.rooms);
	if (rc == 0)
		rc = open_dir(s.dir, "cache", &s.cache);
	if (rc == -EPERM)
		return crl_err_set(err, EPERM, CRL_STAGE_STATE, "state directory %s must belong to root with mode 0700",
				   path);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot open state directory %s", path);
	ret->dir = take_fd(&s.dir);
	ret->rooms = take_fd(&s.rooms);
	ret->cache = take_fd(&s.cache);
	return 0;
}

void crl_state_done(struct crl_state *s)
{
	drop_fd(&s->dir);
	drop_fd(&s->rooms);
	drop_fd(&s->cache);
}

int crl_id_make(char id[CRL_ID_MAX])
{
	static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* no l, o, 0, 1: read out on the phone */
	uint8_t raw[8];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return -EIO;
	for (size_t i = 0; i < sizeof(raw); i++)
		id[i] = alphabet[raw[i] & 31];
	id[sizeof(raw)] = '\0';
	return 0;
}

static int room_file(char *buf, size_t size, const char *name, const char *suffix)
{
	int n = snprintf(buf, size, "%s.%s", name, suffix);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* True while the locked file is still the one of that name: an ending room unlinks it under the lock. */
static bool is_current(int rooms, const char *file, int fd)
{
	struct stat mine, there;

	return fstat(fd, &mine) == 0 && fstatat(rooms, file, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

int crl_state_lock(const struct crl_state *s, const char *name, int operation, int *ret_fd)
{
	char file[CRL_KEY_MAX + 8];
	int rc = room_file(file, sizeof(file), name, "lock");

	if (rc < 0)
		return rc;
	for (;;) {
		scoped_fd fd = openat(s->rooms, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0)
			return -errno;
		if (flock(fd, operation) < 0)
			return -errno;
		if (is_current(s->rooms, file, fd)) {
			*ret_fd = take_fd(&fd);
			return 0;
		}
	}
}

void crl_state_unlock_for_good(const struct crl_state *s, const char *name)
{
	char file[CRL_KEY_MAX + 8];

	if (room_file(file, sizeof(file), name, "lock") == 0)
		(void)unlinkat(s->rooms, file, 0);
}

int crl_record_write(const struct crl_state *s, const struct crl_record *r)
{
	char file[CRL_KEY_MAX + 8], temp[CRL_KEY_MAX + 8];
	scoped_free char *text = NULL;
	size_t size = 0;
	int e;

	e = room_file(file, sizeof(file), r->name, "room");
	if (e == 0)
		e = room_file(temp, sizeof(temp), r->name, "new");
	if (e == 0)
		e = crl_room_print(r, &text, &size);
	if (e < 0)
		return e;
	return crl_file_replace(
		s->rooms, &(struct crl_file){.name = file, .beside = temp, .data = text, .len = size, .mode = 0600});
}

static void remove_files(int rooms_dir, const char *name, bool lock)
{
	/* The lock goes last: whoever waits for it must find the rest gone. */
	static const char *const suffix[] = {"room", "new", "sock", "lock"};
	char file[CRL_KEY_MAX + 8];

	for (size_t i = 0; i < CRL_ARRAY_LEN(suffix) - !lock; i++)
		if (room_file(file, sizeof(file), name, suffix[i]) == 0)
			(void)unlinkat(rooms_dir, file, 0); /* not there is as good as removed */
}

void crl_record_remove(int rooms_dir, const char *name)
{
	remove_files(rooms_dir, name, true);
}

static bool names_room(int rooms_dir, const char *name, const char *id)
{
	struct crl_room_info room;
	bool same;

	if (crl_room_load(rooms_dir, name, &room) < 0)
		return false;
	same = strcmp(room.id, id) == 0;
	crl_room_info_done(&room);
	return same;
}

void crl_record_retire(int rooms_dir, const char *name, const char *id, bool locked)
{
	char from[CRL_KEY_MAX + 8], to[CRL_KEY_MAX + 8];

	if (strcmp(name, id) == 0 || room_file(from, sizeof(from), name, "room") < 0 ||
	    room_file(to, sizeof(to), id, "room") < 0)
		return; /* a room of one login has its id for a name: nobody waits for it */
	if (locked || names_room(rooms_dir, name, id))
		(void)renameat(rooms_dir, from, rooms_dir, to);
	/* else they may be those of a room that was made meanwhile; a socket that nobody hears is removed by it */
	if (locked)
		remove_files(rooms_dir, name, true);
}

void crl_record_remove_stale(const struct crl_state *s, const char *name)
{
	remove_files(s->rooms, name, false);
}

void crl_record_remove_own(const struct crl_state *s, const char *name, const char *id, bool shared)
{
	scoped_fd lock = -EBADF;

	if (shared && crl_state_lock(s, name, LOCK_EX, &lock) < 0)
		return;
	if (names_room(s->rooms, name, id))
		remove_files(s->rooms, name, true);
	else if (shared)
		crl_state_unlock_for_good(s, name); /* perhaps we have just made it */
}
