// SPDX-License-Identifier: Apache-2.0
/* See unrecorded.h. */
#include "state/rooms/unrecorded.h"

#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/dir.h"
#include "base/file.h"
#include "state/rooms/room_text.h"

#define HELPER "carrel-helper"
#define GONE " (deleted)" /* after an update the program of a running supervisor has no name any more */
#define TRIES 20 /* it may be writing while we read */
#define PAUSE_MS 5

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

	if (crl_file_read(process, "comm", text, sizeof(text)) <= 0 ||
	    strncmp(text, CRL_UNRECORDED_MARK, strlen(CRL_UNRECORDED_MARK)) != 0)
		return false;
	if (crl_file_read(process, "status", text, sizeof(text)) <= 0 || !(ids = strstr(text, "\nUid:")) ||
	    sscanf(ids, "\nUid: %u %u %u %u", &uid[0], &uid[1], &uid[2], &uid[3]) != 4 ||
	    (uid[0] | uid[1] | uid[2] | uid[3]) != 0)
		return false;
	return read_link(process, "exe", path, sizeof(path)) && is_program(path) &&
	       read_link(process, "ns/pid", path, sizeof(path)) && strcmp(path, own_namespace) == 0;
}

static int load(int fd, struct crl_room_info *ret)
{
	int rc = -EBADMSG;

	for (int i = 0; i < TRIES && rc < 0 && rc != -ENOMEM; i++) {
		if (i > 0)
			crl_pause_ms(PAUSE_MS);
		rc = crl_room_load_fd(fd, NULL, ret);
		if (rc == 0 && !ret->whole) {
			crl_room_info_done(ret);
			rc = -EBADMSG;
		}
	}
	return rc;
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
	scoped(crl_dir) dir = {0};
	int found = -EBADF;
	char path[64];

	(void)crl_dir_open(process, "fd", &dir);
	for (const char *name; found < 0 && (name = crl_dir_next(&dir));)
		if (read_link(crl_dir_fd(&dir), name, path, sizeof(path)) &&
		    strcmp(path, "/memfd:" CRL_UNRECORDED_FILE GONE) == 0)
			found = openat(crl_dir_fd(&dir), name, O_RDONLY | O_CLOEXEC);
	return found;
}

static int look_at(int proc, const char *pid, const char *own_namespace, struct crl_rooms *rooms)
{
	scoped_fd process = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped_fd copy = -EBADF;
	struct crl_room_info room;
	int rc;

	if (process < 0 || !is_supervisor(process, own_namespace))
		return 0;
	copy = open_copy(process);
	rc = copy < 0 ? -errno : load(copy, &room);
	if (rc == 0 && !room.stale)
		return add(rooms, &room);
	if (rc == 0)
		crl_room_info_done(&room);
	if (rc == -ENOMEM || !is_supervisor(process, own_namespace)) /* it has a record by now, or has ended */
		return rc == -ENOMEM ? rc : 0;
	rooms->unreadable++;
	rooms->error = rc;
	(void)snprintf(rooms->unreadable_name, sizeof(rooms->unreadable_name), "/proc/%s", pid);
	return 0;
}

int crl_rooms_add_unrecorded(struct crl_rooms *rooms)
{
	scoped(crl_dir) proc = {0};
	char own[64];
	int rc = 0;

	if (crl_dir_open(AT_FDCWD, "/proc", &proc) < 0 ||
	    !read_link(crl_dir_fd(&proc), "self/ns/pid", own, sizeof(own)))
		return 0;
	for (const char *name; rc == 0 && (name = crl_dir_next(&proc));)
		if (name[0] >= '1' && name[0] <= '9')
			rc = look_at(crl_dir_fd(&proc), name, own, rooms);
	return rc;
}
