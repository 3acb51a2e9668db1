// SPDX-License-Identifier: Apache-2.0
/*
 * See errand_room.h.
 *
 * R1: a room counts while its init lives, by pid and start: numbers of processes and namespaces are used again.
 */
#include "state/rooms/errand_room.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/nskind.h"
#include "base/procstat.h"
#include "base/scope.h"
#include "base/words.h"
#include "state/rooms/live.h"
#include "state/rooms/record.h"

#define DIR_NAME "errands"
#define HALF_MAX_S 620 /* no helper lives longer: a file half written is nobody's then */
#define TEXT_MAX 4096

static int open_dir(int state, bool make)
{
	scoped_fd fd = -EBADF;
	struct stat st;

	if (make && mkdirat(state, DIR_NAME, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(state, DIR_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_uid != 0 || st.st_mode & 077 ? -EPERM : take_fd(&fd);
}

static int walk(int state, struct crl_dir *ret)
{
	scoped_fd fd = open_dir(state, false);

	return fd < 0 ? fd : crl_dir_open(fd, ".", ret);
}

static bool is_one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ')
			return false;
	return true;
}

static int print(const struct crl_errand_room *r, char buf[TEXT_MAX])
{
	int n = snprintf(buf, TEXT_MAX,
			 "room=%s\nuid=%" PRIu32 "\nuser=%s\nhome=%s\npolicy=%s\ninit=%d\nstart=%" PRIu64
			 "\nmount=%" PRIu64 "\npid=%" PRIu64 "\nerrands=%s\nend=1\n",
			 r->id, r->uid, r->user, r->home, r->policy, (int)r->init, r->init_start, r->mount_ns,
			 r->pid_ns, r->errands);

	return n > 0 && n < TEXT_MAX && is_one_line(r->user) && is_one_line(r->home) ? n : -EINVAL;
}

int crl_errand_room_write(int state, struct crl_errand_room *room)
{
	scoped_fd dir = open_dir(state, true);
	char name[40], half[44], text[TEXT_MAX];
	int len;

	room->init_start = crl_process_start(room->init);
	room->mount_ns = crl_ns_inode(room->init, "mnt");
	room->pid_ns = crl_ns_inode(room->init, "pid");
	if (!room->init_start || !room->mount_ns || !room->pid_ns)
		return -ESRCH;
	len = print(room, text);
	if (dir < 0 || len < 0)
		return dir < 0 ? dir : len;
	(void)snprintf(name, sizeof(name), "%" PRIu32 ".%s", room->uid, room->id);
	(void)snprintf(half, sizeof(half), "%s.new", name);
	return crl_file_replace(
		dir, &(struct crl_file){.name = name, .beside = half, .data = text, .len = (size_t)len, .mode = 0600});
}

static bool take_line(const char *key, const char *value, struct crl_errand_room *r)
{
	const struct {
		const char *key;
		char *buf;
		size_t size;
	} text[] = {{"room", r->id, sizeof(r->id)},
		    {"user", r->user, sizeof(r->user)},
		    {"home", r->home, sizeof(r->home)},
		    {"policy", r->policy, sizeof(r->policy)},
		    {"errands", r->errands, sizeof(r->errands)}};

	for (size_t i = 0; i < CRL_ARRAY_LEN(text); i++)
		if (strcmp(key, text[i].key) == 0)
			(void)snprintf(text[i].buf, text[i].size, "%s", value);
	if (strcmp(key, "uid") == 0)
		r->uid = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "init") == 0)
		r->init = (pid_t)strtol(value, NULL, 10);
	else if (strcmp(key, "start") == 0)
		r->init_start = strtoull(value, NULL, 10);
	else if (strcmp(key, "mount") == 0)
		r->mount_ns = strtoull(value, NULL, 10);
	else if (strcmp(key, "pid") == 0)
		r->pid_ns = strtoull(value, NULL, 10);
	return strcmp(key, "end") == 0;
}

static int load(int dir, const char *name, struct crl_errand_room *ret)
{
	scoped_fd fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[TEXT_MAX], *rest = text;
	bool whole = false;
	ssize_t n;

	*ret = (struct crl_errand_room){.uid = UINT32_MAX};
	if (fd < 0)
		return -errno;
	n = crl_file_read_fd(fd, text, sizeof(text));
	if (n < 0)
		return (int)n;
	while (rest && *rest && !whole) {
		char *line = strsep(&rest, "\n"), *value = strchr(line, '=');

		if (!value)
			return -EBADMSG;
		*value++ = '\0';
		whole = take_line(line, value, ret);
	}
	return whole && ret->init > 0 && ret->init_start && ret->mount_ns && ret->pid_ns ? 0 : -EBADMSG;
}

/* R1 */
static bool lives(const struct crl_errand_room *r)
{
	return crl_process_start(r->init) == r->init_start;
}

int crl_errand_room_find(int state, uint32_t uid, uint64_t mount_ns, uint64_t pid_ns, struct crl_errand_room *ret)
{
	scoped(crl_dir) dir = {0};
	char prefix[16];
	int rc = walk(state, &dir);

	if (rc < 0)
		return rc;
	rc = -ENOENT;
	(void)snprintf(prefix, sizeof(prefix), "%" PRIu32 ".", uid);
	for (const char *name; rc < 0 && (name = crl_dir_next(&dir));)
		if (strncmp(name, prefix, strlen(prefix)) == 0 && crl_id_is_valid(name + strlen(prefix)) &&
		    load(crl_dir_fd(&dir), name, ret) == 0 && ret->uid == uid && ret->mount_ns == mount_ns &&
		    ret->pid_ns == pid_ns && lives(ret))
			rc = 0;
	return rc;
}

bool crl_errand_room_has(const struct crl_errand_room *room, const char *name)
{
	return crl_word_is_in(room->errands, name, ",");
}

void crl_errand_room_remove(int state, uint32_t uid, const char *id)
{
	scoped_fd dir = open_dir(state, false);
	char name[40];

	(void)snprintf(name, sizeof(name), "%" PRIu32 ".%s", uid, id);
	if (dir >= 0)
		(void)unlinkat(dir, name, 0);
}

static bool is_dead(int dir, const char *name)
{
	struct crl_errand_room room;
	struct stat st;
	int rc = load(dir, name, &room);

	if (rc == -EBADMSG)
		return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && time(NULL) - st.st_mtime > HALF_MAX_S;
	return rc == 0 && !lives(&room);
}

int crl_errand_rooms_sweep(int state)
{
	scoped(crl_dir) dir = {0};
	int rc = walk(state, &dir), left = 0;

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (const char *name; (name = crl_dir_next(&dir));) {
		if (name[0] == '.')
			continue;
		if (!is_dead(crl_dir_fd(&dir), name))
			left++;
		else
			(void)unlinkat(crl_dir_fd(&dir), name, 0);
	}
	return left;
}
