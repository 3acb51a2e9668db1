// SPDX-License-Identifier: Apache-2.0
/* See unrecorded.h. */
#include "state/unrecorded.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "proto/fdpass.h"
#include "state/room_text.h"

#define HELPER "carrel-helper"
#define GONE " (deleted)" /* after an update the program of a running supervisor has no name any more */
#define TRIES 20          /* it may be writing while we read */
#define PAUSE_MS 5

static bool read_at(int dir, const char *file, char *buf, size_t size)
{
	scoped_fd fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool read_link(int dir, const char *file, char *buf, size_t size)
{
	ssize_t n = readlinkat(dir, file, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static bool is_program(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && (strcmp(name + 1, HELPER) == 0 || strcmp(name + 1, HELPER GONE) == 0);
}

/* R1 */
static bool is_supervisor(int process, const char *own_namespace)
{
	char text[2048], path[4096];
	const char *ids;
	unsigned int uid[4];

	if (!read_at(process, "comm", text, sizeof(text)) ||
	    strncmp(text, CRL_UNRECORDED_MARK, strlen(CRL_UNRECORDED_MARK)) != 0)
		return false;
	if (!read_at(process, "status", text, sizeof(text)) || !(ids = strstr(text, "\nUid:")) ||
	    sscanf(ids, "\nUid: %u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]) != 4 ||
	    (uid[0] | uid[1] | uid[2] | uid[3]) != 0)
		return false;
	return read_link(process, "exe", path, sizeof(path)) && is_program(path) &&
	       read_link(process, "ns/pid", path, sizeof(path)) && strcmp(path, own_namespace) == 0;
}

static int load(int fd, struct crl_room_info *ret)
{
	int r = -EBADMSG;

	for (int i = 0; i < TRIES && r < 0 && r != -ENOMEM; i++) {
		if (i > 0)
			crl_pause_ms(PAUSE_MS);
		r = crl_room_load_fd(fd, NULL, ret);
		if (r == 0 && !ret->whole) {
			crl_room_info_done(ret);
			r = -EBADMSG;
		}
	}
	return r;
}

static int add(struct crl_rooms *rooms, struct crl_room_info *room)
{
	struct crl_room_info *grown;

	room->unrecorded = true;
	for (size_t i = 0; i < rooms->len; i++) {
		if (strcmp(rooms->item[i].id, room->id) != 0)
			continue;
		crl_room_info_done(&rooms->item[i]);
		rooms->item[i] = *room;
		return 0;
	}
	grown = reallocarray(rooms->item, rooms->len + 1, sizeof(*grown));
	if (!grown) {
		crl_room_info_done(room);
		return -ENOMEM;
	}
	rooms->item = grown;
	rooms->item[rooms->len++] = *room;
	return 0;
}

/* Of all descriptors the one of that file. */
static int open_copy(int process)
{
	int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = -EBADF;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char path[64];

	if (!dir) {
		scope_close_fd(&fd);
		return -EBADF;
	}
	for (const struct dirent *d = readdir(dir); d && found < 0; d = readdir(dir))
		if (read_link(dirfd(dir), d->d_name, path, sizeof(path)) &&
		    strcmp(path, "/memfd:" CRL_UNRECORDED_FILE GONE) == 0)
			found = openat(dirfd(dir), d->d_name, O_RDONLY | O_CLOEXEC);
	(void)closedir(dir);
	return found;
}

static int look_at(int proc, const char *pid, const char *own_namespace, struct crl_rooms *rooms)
{
	scoped_fd process = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped_fd copy = -EBADF;
	struct crl_room_info room;
	int r;

	if (process < 0 || !is_supervisor(process, own_namespace))
		return 0;
	copy = open_copy(process);
	r = copy < 0 ? -errno : load(copy, &room);
	if (r == 0 && !room.stale)
		return add(rooms, &room);
	if (r == 0)
		crl_room_info_done(&room);
	if (r == -ENOMEM || !is_supervisor(process, own_namespace)) /* it has a record by now, or has ended */
		return r == -ENOMEM ? r : 0;
	rooms->unreadable++;
	rooms->error = r;
	(void)snprintf(rooms->unreadable_name, sizeof(rooms->unreadable_name), "/proc/%s", pid);
	return 0;
}

int crl_rooms_add_unrecorded(struct crl_rooms *rooms)
{
	DIR *dir = opendir("/proc");
	char own[64];
	int r = 0;

	if (!dir)
		return 0;
	if (read_link(dirfd(dir), "self/ns/pid", own, sizeof(own)))
		for (const struct dirent *d = readdir(dir); d && r == 0; d = readdir(dir))
			if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
				r = look_at(dirfd(dir), d->d_name, own, rooms);
	(void)closedir(dir);
	return r;
}
