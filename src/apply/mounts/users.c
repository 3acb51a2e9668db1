// SPDX-License-Identifier: Apache-2.0
/* See users.h. */
#include "apply/mounts/users.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "apply/mounts/beneath.h"
#include "apply/mounts/mounting.h"
#include "base/parse.h"
#include "plan/mounts/plan.h"

#define FIELDS_MAX 7

/* Of "a:b:c" each field, NUL-terminated in @text. Returns how many. */
static size_t split(char *text, char *field[FIELDS_MAX])
{
	size_t n = 0;

	while (text && n < FIELDS_MAX)
		field[n++] = strsep(&text, ":");
	return n;
}

static bool read_id(const char *text, uint32_t *ret)
{
	uint64_t id;

	if (crl_parse_uint(text, 0, UINT32_MAX, &id) < 0)
		return false;
	*ret = (uint32_t)id;
	return true;
}

/* One that would begin a field or a line of its own is in no file. */
static bool is_plain(const char *text)
{
	return *text && !strpbrk(text, ":\n,");
}

static void take_user(struct crl_users *u, char *line, FILE *out)
{
	char *f[FIELDS_MAX];
	uint32_t uid;
	bool his;

	if (split(line, f) != FIELDS_MAX || !read_id(f[2], &uid))
		return;
	his = strcmp(f[0], u->login->user) == 0;
	if (uid == u->login->uid ? false : his || !crl_is_system_account(uid))
		return;
	u->seen = u->seen || (his && uid == u->login->uid);
	(void)fprintf(out, "%s:x:%" PRIu32 ":%s:%s:%s:%s\n", f[0], uid, f[3], f[4], f[5], f[6]);
}

static void take_group(struct crl_users *u, char *line, FILE *out)
{
	const struct crl_login *l = u->login;
	char *f[FIELDS_MAX];
	bool in = false;
	uint32_t gid;

	if (split(line, f) != 4 || !read_id(f[2], &gid))
		return;
	for (uint32_t i = 0; i < l->ngroups; i++)
		if (l->groups[i] == gid)
			in = u->group[i] = true;
	if (in || crl_is_system_account(gid))
		(void)fprintf(out, "%s:x:%" PRIu32 ":%s\n", f[0], gid,
			      in && gid != l->gid && is_plain(l->user) ? l->user : "");
}

/* Who is who is in the files alone. What else is asked for is asked as on the host. */
static void take_switch(const char *line, FILE *out)
{
	static const char *const own[] = {"passwd", "group", "shadow", "gshadow", "initgroups", "netgroup", "subid"};
	size_t len;

	line += strspn(line, " \t");
	len = strcspn(line, ": \t");
	for (size_t i = 0; i < CRL_ARRAY_LEN(own); i++)
		if (len == strlen(own[i]) && strncmp(line, own[i], len) == 0) {
			(void)fprintf(out, "%s: files\n", own[i]);
			return;
		}
	(void)fprintf(out, "%s\n", line);
}

void crl_users_take(struct crl_users *u, const char *line, FILE *out)
{
	scoped_free char *copy = strdup(line);

	if (!copy)
		return; /* what is not known is not told */
	if (u->file == CRL_USERS_PASSWD)
		take_user(u, copy, out);
	else if (u->file == CRL_USERS_GROUP)
		take_group(u, copy, out);
	else
		take_switch(copy, out);
}

void crl_users_end(const struct crl_users *u, FILE *out)
{
	const struct crl_login *l = u->login;

	if (!is_plain(l->user))
		return;
	if (u->file == CRL_USERS_PASSWD && !u->seen && is_plain(l->home))
		(void)fprintf(out, "%s:x:%" PRIu32 ":%" PRIu32 "::%s:/bin/sh\n", l->user, l->uid, l->gid, l->home);
	for (uint32_t i = 0; i < l->ngroups && u->file == CRL_USERS_GROUP; i++)
		if (!u->group[i])
			(void)fprintf(out, "g%" PRIu32 ":x:%" PRIu32 ":%s\n", l->groups[i], l->groups[i],
				      l->groups[i] != l->gid ? l->user : "");
}

/* The host's, by a descriptor that was found; NULL: it has none. */
static FILE *open_host(struct crl_mounting *room, const char *path)
{
	scoped_fd found = -EBADF, fd = -EBADF;
	char name[40];
	FILE *f;

	if (crl_beneath_find(room->tree[CRL_TREE_HOST], path, true, &found) < 0)
		return NULL;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", found);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (f)
		(void)take_fd(&fd);
	return f;
}

static void take_all(struct crl_users *u, FILE *host, FILE *out)
{
	scoped_free char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, host)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		crl_users_take(u, line, out);
	}
}

void crl_users_write(struct crl_users *u, FILE *host, FILE *out)
{
	if (host)
		take_all(u, host, out);
	crl_users_end(u, out);
}

int crl_users_file_at(const char *path, enum crl_users_file *ret)
{
	static const char *const paths[] = {
		[CRL_USERS_PASSWD] = "/etc/passwd",
		[CRL_USERS_GROUP] = "/etc/group",
		[CRL_USERS_SWITCH] = "/etc/nsswitch.conf",
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(paths); i++)
		if (strcmp(path, paths[i]) == 0) {
			*ret = (enum crl_users_file)i;
			return 0;
		}
	return -EINVAL;
}

int crl_users_login(const char *text, struct crl_login *ret)
{
	scoped_free char *copy = strdup(text);
	char *rest = copy, *uid, *gid, *groups, *user;

	*ret = (struct crl_login){.uid = UINT32_MAX};
	uid = strsep(&rest, ":");
	gid = strsep(&rest, ":");
	groups = strsep(&rest, ":");
	user = strsep(&rest, ":");
	if (!rest || !read_id(uid, &ret->uid) || !read_id(gid, &ret->gid) || strlen(user) >= sizeof(ret->user) ||
	    strlen(rest) >= sizeof(ret->home))
		return -EBADMSG;
	memcpy(ret->user, user, strlen(user) + 1);
	memcpy(ret->home, rest, strlen(rest) + 1);
	for (char *id; (id = strsep(&groups, ","));)
		if (ret->ngroups == CRL_GROUPS_MAX || !read_id(id, &ret->groups[ret->ngroups++]))
			return -EBADMSG;
	return 0;
}

int crl_mounting_users(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_free struct crl_users *u = calloc(1, sizeof(*u));
	scoped_fd fd = -EBADF;
	FILE *host, *out;
	int rc;

	if (!u)
		return crl_mounting_fail(room, op, -ENOMEM, "no memory");
	u->file = (enum crl_users_file)op->number;
	u->login = room->login;
	rc = crl_beneath_open(room->tree[op->tree], op->target, O_RDWR | O_CREAT | O_EXCL, op->mode, &fd);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot make the file");
	out = fdopen(fd, "w");
	if (!out)
		return crl_mounting_fail(room, op, -errno, "cannot write");
	(void)take_fd(&fd);
	host = open_host(room, op->source);
	crl_users_write(u, host, out);
	if (host)
		(void)fclose(host); /* it was only read */
	return fclose(out) == 0 ? 0 : crl_mounting_fail(room, op, -errno, "cannot write");
}
