// SPDX-License-Identifier: Apache-2.0
/* See rooms.h. */
#include "state/rooms.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/parse.h"
#include "state/record.h"

#define RECORD_MAX 65536

void crl_room_info_done(struct crl_room_info *r)
{
	free(r->login);
	free(r->cgroup_root);
	*r = (struct crl_room_info){0};
}

void crl_rooms_done(struct crl_rooms *r)
{
	for (size_t i = 0; i < r->len; i++)
		crl_room_info_done(&r->item[i]);
	free(r->item);
	*r = (struct crl_rooms){0};
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undo record.c's %XX. What does not fit is cut. */
static void decode(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	while (*text && n + 1 < size) {
		int high = *text == '%' ? hex(text[1]) : -1;
		int low = high >= 0 ? hex(text[2]) : -1;

		buf[n++] = low >= 0 ? (char)(high * 16 + low) : *text;
		text += low >= 0 ? 3 : 1;
	}
	buf[n] = '\0';
}

/* Numbers as record.c prints them; from the first that is none on, they are not known. */
static void take_base(char *value, struct crl_counts *ret)
{
	char *rest = value;

	for (size_t i = 0; i < CRL_COUNT_LEN; i++) {
		const char *word = strsep(&rest, ",");

		if (!word)
			return;
		if (strcmp(word, "-") != 0 && crl_parse_uint(word, 0, UINT64_MAX - 1, &ret->n[i]) < 0)
			return;
	}
}

static void take_text(char *word, struct crl_room_login *l)
{
	const struct {
		const char *key;
		char *buf;
		size_t size;
	} field[] = {{"user", l->user, sizeof(l->user)},
		     {"service", l->service, sizeof(l->service)},
		     {"tty", l->tty, sizeof(l->tty)},
		     {"rhost", l->rhost, sizeof(l->rhost)}};
	char *value = strchr(word, '=');

	if (!value)
		return;
	*value++ = '\0';
	if (strcmp(word, "since") == 0)
		l->since = strtoll(value, NULL, 10);
	if (strcmp(word, "base") == 0)
		take_base(value, &l->base);
	for (size_t i = 0; i < CRL_ARRAY_LEN(field); i++)
		if (strcmp(word, field[i].key) == 0)
			decode(value, field[i].buf, field[i].size);
}

/* "ID UID CGROUP PID since=… user=…" */
static int parse_login(char *line, struct crl_room_info *r)
{
	struct crl_room_login *grown = reallocarray(r->login, r->logins + 1, sizeof(*grown));
	struct crl_room_login *l;
	int cgroup, pid, used = 0;
	char *rest = NULL;

	if (!grown)
		return -ENOMEM;
	r->login = grown;
	l = &r->login[r->logins];
	*l = (struct crl_room_login){0};
	crl_counts_init(&l->base);
	if (sscanf(line, "%15[a-z0-9] %" SCNu32 " %d %d%n", l->id, &l->uid, &cgroup, &pid, &used) != 4)
		return -EBADMSG;
	l->cgroup = cgroup != 0;
	l->pid = (pid_t)pid;
	for (char *word = strtok_r(line + used, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		take_text(word, l);
	r->logins++;
	return 0;
}

/* "NAMESPACES SECUREBITS BOUNDING INHERITABLE NO_NEW_PRIVS TRIM LOG", as the module was told */
static int parse_adopt(const char *value, struct crl_adopt *a)
{
	return sscanf(value, "%" SCNx32 " %" SCNx32 " %" SCNx64 " %" SCNx64 " %" SCNu8 " %" SCNu8 " %" SCNu8, &a->ns_mask,
		      &a->securebits, &a->cap_bounding, &a->cap_inheritable, &a->no_new_privs, &a->trim_caps,
		      &a->filter_log) == 7 ? 0 : -EBADMSG;
}

static int take_root(const char *value, struct crl_room_info *r)
{
	free(r->cgroup_root);
	r->cgroup_root = strdup(value);
	return r->cgroup_root ? 0 : -ENOMEM;
}

static int parse_line(char *line, struct crl_room_info *r, uint64_t *ret_start)
{
	char *value = strchr(line, '=');
	int number = 0;

	if (!value)
		return -EBADMSG;
	*value++ = '\0';
	if (strcmp(line, "room") == 0)
		(void)snprintf(r->id, sizeof(r->id), "%s", value);
	else if (strcmp(line, "policy") == 0)
		(void)snprintf(r->policy, sizeof(r->policy), "%s", value);
	else if (strcmp(line, "filter") == 0)
		(void)snprintf(r->filter, sizeof(r->filter), "%s", value);
	else if (strcmp(line, "adopt") == 0)
		return parse_adopt(value, &r->adopt);
	else if (strcmp(line, "slice") == 0)
		(void)snprintf(r->slice, sizeof(r->slice), "%s", value);
	else if (strcmp(line, "cgroup_root") == 0)
		return take_root(value, r);
	else if (strcmp(line, "values") == 0)
		(void)snprintf(r->values, sizeof(r->values), "%s", value);
	else if (strcmp(line, "supervisor") == 0 && sscanf(value, "%d %" SCNu64, &number, ret_start) == 2)
		r->supervisor = (pid_t)number;
	else if (strcmp(line, "init") == 0)
		r->init = (pid_t)strtol(value, NULL, 10);
	else if (strcmp(line, "login") == 0)
		return parse_login(value, r);
	return 0; /* a later version may say more */
}

int crl_room_parse(const char *name, char *text, struct crl_room_info *ret)
{
	uint64_t start = 0;
	char *rest = NULL;
	int r = 0;

	*ret = (struct crl_room_info){0};
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	for (char *line = strtok_r(text, "\n", &rest); line && r == 0; line = strtok_r(NULL, "\n", &rest))
		r = parse_line(line, ret, &start);
	if (r == 0 && (!ret->id[0] || ret->supervisor <= 0))
		r = -EBADMSG;
	if (r < 0) {
		crl_room_info_done(ret);
		return r;
	}
	ret->stale = start == 0 || crl_process_start(ret->supervisor) != start;
	return 0;
}

static int read_one(int dir, const char *file, struct crl_rooms *rooms)
{
	scoped_fd fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	scoped_free char *text = malloc(RECORD_MAX);
	struct crl_room_info *grown;
	char name[CRL_KEY_MAX];
	ssize_t n;
	int r;

	if (!text)
		return -ENOMEM;
	n = fd < 0 ? -1 : read(fd, text, RECORD_MAX - 1);
	if (n < 0)
		return 0; /* gone meanwhile */
	text[n] = '\0';
	grown = reallocarray(rooms->item, rooms->len + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rooms->item = grown;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(strrchr(file, '.') - file), file);
	r = crl_room_parse(name, text, &rooms->item[rooms->len]);
	rooms->len += r == 0;
	return r == -ENOMEM ? r : 0;
}

static int64_t since(const struct crl_room_info *r)
{
	return r->logins > 0 ? r->login[0].since : 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = since(a), y = since(b);

	if (x != y)
		return x < y ? -1 : 1;
	return strcmp(((const struct crl_room_info *)a)->name, ((const struct crl_room_info *)b)->name);
}

int crl_rooms_read(const char *state, struct crl_rooms *ret, struct crl_err *err)
{
	char path[PATH_MAX];
	DIR *dir;
	int r = 0;

	*ret = (struct crl_rooms){0};
	(void)snprintf(path, sizeof(path), "%s/rooms", state);
	dir = opendir(path);
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot read %s: %s", path, strerrordesc_np(errno));
	for (const struct dirent *d = readdir(dir); d && r == 0; d = readdir(dir)) {
		const char *dot = strrchr(d->d_name, '.');

		if (dot && strcmp(dot, ".room") == 0)
			r = read_one(dirfd(dir), d->d_name, ret);
	}
	(void)closedir(dir);
	if (r < 0) {
		crl_rooms_done(ret);
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	}
	if (ret->len > 1)
		qsort(ret->item, ret->len, sizeof(*ret->item), compare);
	return 0;
}
