// SPDX-License-Identifier: Apache-2.0
/* See room_text.h. */
#include "state/rooms/room_text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/parse.h"
#include "base/procstat.h"
#include "plan/limits/counts.h"

/* What one login, and a room without its logins, need at the most: each byte of a text takes three. */
#define LOGIN_TEXTS (3 * (CRL_USER_MAX + CRL_SERVICE_MAX + CRL_TTY_MAX + CRL_RHOST_MAX + CRL_SCOPE_MAX))
#define LOGIN_MOST (LOGIN_TEXTS + 21 * CRL_COUNT_LEN + 160)
#define ROOM_MOST (3 * (CRL_USER_MAX + CRL_HOME_MAX) + CRL_DIGESTS_MAX + 8192)

_Static_assert(ROOM_MOST + LOGIN_MOST * (CRL_ROOM_LOGINS_MAX + CRL_ROOM_LEFT_MAX) <= CRL_RECORD_MAX,
	       "a full room's record can be read");

/* Texts that users choose are written with everything but plain characters as %XX. */
static void print_text(FILE *f, const char *key, const char *text)
{
	(void)fprintf(f, "%s=", key);
	for (const unsigned char *p = (const unsigned char *)(text ? text : ""); *p; p++)
		if (*p > ' ' && *p < 0x7f && *p != '%')
			(void)fputc(*p, f);
		else
			(void)fprintf(f, "%%%02X", *p);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undo print_text(). Returns 0, or -EBADMSG when it does not fit: half a name is another's. */
static int decode(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	while (*text && n + 1 < size) {
		int high = *text == '%' ? hex(text[1]) : -1;
		int low = high >= 0 ? hex(text[2]) : -1;

		buf[n++] = low >= 0 ? (char)(high * 16 + low) : *text;
		text += low >= 0 ? 3 : 1;
	}
	buf[n] = '\0';
	return *text ? -EBADMSG : 0;
}

static void print_base(FILE *f, const struct crl_counts *base)
{
	for (size_t i = 0; base && i < CRL_COUNT_LEN; i++) {
		(void)fprintf(f, "%s", i ? "," : " base=");
		if (base->n[i] == CRL_COUNT_UNKNOWN)
			(void)fputc('-', f);
		else
			(void)fprintf(f, "%" PRIu64, base->n[i]);
	}
}

/* Numbers as print_base() has them; from the first that is none on, they are not known. */
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

static void print_login(FILE *f, const struct crl_record_login *l)
{
	(void)fprintf(f, "login=%s %" PRIu32 " %d %d since=%" PRId64 " ", l->id, l->uid, l->cgroup, (int)l->pid,
		      l->since);
	print_text(f, "user", l->user);
	print_text(f, " service", l->service);
	print_text(f, " tty", l->tty);
	print_text(f, " rhost", l->rhost);
	if (l->scope && l->scope[0])
		print_text(f, " scope", l->scope);
	print_base(f, l->base);
	(void)fputc('\n', f);
}

static int take_word(char *word, struct crl_room_login *l)
{
	const struct {
		const char *key;
		char *buf;
		size_t size;
	} field[] = {{"user", l->user, sizeof(l->user)},
		     {"service", l->service, sizeof(l->service)},
		     {"tty", l->tty, sizeof(l->tty)},
		     {"rhost", l->rhost, sizeof(l->rhost)},
		     {"scope", l->scope, sizeof(l->scope)}};
	char *value = strchr(word, '=');

	if (!value)
		return 0;
	*value++ = '\0';
	if (strcmp(word, "since") == 0)
		l->since = strtoll(value, NULL, 10);
	if (strcmp(word, "base") == 0)
		take_base(value, &l->base);
	for (size_t i = 0; i < CRL_ARRAY_LEN(field); i++)
		if (strcmp(word, field[i].key) == 0)
			return decode(value, field[i].buf, field[i].size);
	return 0;
}

/* "ID UID CGROUP PID since=… user=…" */
static int parse_login(char *line, struct crl_room_info *r)
{
	struct crl_room_login *grown = reallocarray(r->login, r->logins + 1, sizeof(*grown));
	struct crl_room_login *l;
	int cgroup, pid, used = 0, e = 0;
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
	for (char *word = strtok_r(line + used, " ", &rest); word && e == 0; word = strtok_r(NULL, " ", &rest))
		e = take_word(word, l);
	r->logins++;
	return e;
}

static void print_adopt(FILE *f, const struct crl_adopt *a)
{
	(void)fprintf(f, "adopt=%x %x %" PRIx64 " %" PRIx64 " %d %d %d\n", a->ns_mask, a->securebits, a->cap_bounding,
		      a->cap_inheritable, a->no_new_privs, a->trim_caps, a->filter_log);
}

static int parse_adopt(const char *value, struct crl_adopt *a)
{
	return sscanf(value, "%" SCNx32 " %" SCNx32 " %" SCNx64 " %" SCNx64 " %" SCNu8 " %" SCNu8 " %" SCNu8,
		      &a->ns_mask, &a->securebits, &a->cap_bounding, &a->cap_inheritable, &a->no_new_privs,
		      &a->trim_caps, &a->filter_log) == 7
		       ? 0
		       : -EBADMSG;
}

static void print_room(FILE *f, const struct crl_record *r)
{
	(void)fprintf(f, "version=1\nname=%s\nroom=%s\npolicy=%s\nslice=%s\nsupervisor=%d %" PRIu64 "\ninit=%d\n",
		      r->name, r->room, r->adopt->policy, r->slice, (int)r->supervisor,
		      r->supervisor_start ?: crl_process_start(r->supervisor), (int)r->init);
	(void)fprintf(f, "uid=%" PRIu32 "\ngid=%" PRIu32 "\n", r->uid, r->gid);
	print_text(f, "user", r->user);
	print_text(f, "\nhome", r->home);
	(void)fprintf(f, "\nsince=%" PRId64 "\nuntil=%" PRId64 "\n", r->since, r->until);
	(void)fprintf(f, "linger=%" PRIu64 "\ngrace=%" PRId64 "\n", r->linger_s, r->grace_s);
	if (r->cgroup_root && r->cgroup_root[0])
		(void)fprintf(f, "cgroup_root=%s\n", r->cgroup_root);
	print_adopt(f, r->adopt);
	(void)fprintf(f, "filter=%s\n", r->filter);
	if (r->values && r->values[0])
		(void)fprintf(f, "values=%s\n", r->values);
	for (size_t i = 0; i < r->logins; i++)
		print_login(f, &r->login[i]);
	(void)fputs("end=1\n", f);
}

/* Would a reader have room for the text in this field of its own? */
#define FITS(text, reader, field) (!(text) || strlen(text) < sizeof(((struct crl_##reader *)0)->field))

static bool login_fits(const struct crl_record_login *l)
{
	return FITS(l->user, room_login, user) && FITS(l->service, room_login, service) &&
	       FITS(l->tty, room_login, tty) && FITS(l->rhost, room_login, rhost) && FITS(l->scope, room_login, scope);
}

static bool fits(const struct crl_record *r)
{
	bool all = FITS(r->name, room_info, name) && FITS(r->filter, room_info, filter) &&
		   FITS(r->slice, room_info, slice) && FITS(r->values, room_info, values) &&
		   FITS(r->user, room_info, user) && FITS(r->home, room_info, home);

	for (size_t i = 0; i < r->logins && all; i++)
		all = login_fits(&r->login[i]);
	return all;
}

int crl_room_print(const struct crl_record *r, char **ret_text, size_t *ret_len)
{
	scoped_free char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -ENOMEM;
	if (!fits(r)) {
		(void)fclose(f);
		return -EMSGSIZE;
	}
	print_room(f, r);
	if (fclose(f) != 0)
		return -ENOMEM;
	if (len > CRL_RECORD_MAX)
		return -EMSGSIZE;
	*ret_text = take_ptr(text);
	*ret_len = len;
	return 0;
}

static int take_root(const char *value, struct crl_room_info *r)
{
	free(r->cgroup_root);
	r->cgroup_root = strdup(value);
	return r->cgroup_root ? 0 : -ENOMEM;
}

/* One of the plain texts, which root alone has written. Returns -ENOENT when @key is none, -EBADMSG it does not fit. */
static int take_plain(const char *key, const char *value, struct crl_room_info *r)
{
	const struct {
		const char *key;
		char *buf;
		size_t size;
	} field[] = {{"name", r->name, sizeof(r->name)},       {"room", r->id, sizeof(r->id)},
		     {"policy", r->policy, sizeof(r->policy)}, {"filter", r->filter, sizeof(r->filter)},
		     {"slice", r->slice, sizeof(r->slice)},    {"values", r->values, sizeof(r->values)}};

	for (size_t i = 0; i < CRL_ARRAY_LEN(field); i++) {
		if (strcmp(key, field[i].key) != 0)
			continue;
		return snprintf(field[i].buf, field[i].size, "%s", value) < (int)field[i].size ? 0 : -EBADMSG;
	}
	return -ENOENT;
}

/* Whose room it is, and since and until when. */
static int take_owner(const char *key, const char *value, struct crl_room_info *r)
{
	if (strcmp(key, "uid") == 0)
		r->uid = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "gid") == 0)
		r->gid = (uint32_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "user") == 0)
		return decode(value, r->user, sizeof(r->user));
	else if (strcmp(key, "home") == 0)
		return decode(value, r->home, sizeof(r->home));
	else if (strcmp(key, "since") == 0)
		r->since = strtoll(value, NULL, 10);
	else if (strcmp(key, "until") == 0)
		r->until = strtoll(value, NULL, 10);
	else if (strcmp(key, "linger") == 0)
		r->linger_s = strtoull(value, NULL, 10);
	else if (strcmp(key, "grace") == 0)
		r->grace_s = strtoll(value, NULL, 10);
	return 0; /* a later version may say more */
}

static int parse_line(char *line, struct crl_room_info *r, uint64_t *ret_start)
{
	char *value = strchr(line, '=');
	int number = 0, e;

	if (!value)
		return -EBADMSG;
	*value++ = '\0';
	if (strcmp(line, "adopt") == 0)
		return parse_adopt(value, &r->adopt);
	if (strcmp(line, "cgroup_root") == 0)
		return take_root(value, r);
	if (strcmp(line, "login") == 0)
		return parse_login(value, r);
	e = take_plain(line, value, r);
	if (e != -ENOENT)
		return e;
	if (strcmp(line, "supervisor") == 0 && sscanf(value, "%d %" SCNu64, &number, ret_start) == 2)
		r->supervisor = (pid_t)number;
	else if (strcmp(line, "init") == 0)
		r->init = (pid_t)strtol(value, NULL, 10);
	else if (strcmp(line, "end") == 0)
		r->whole = true;
	else
		return take_owner(line, value, r);
	return 0;
}

/* A supervisor of a version before did not say whose room it is: its oldest login knows. */
static void complete(struct crl_room_info *r)
{
	if (r->user[0] || r->logins == 0)
		return;
	r->uid = r->login[0].uid;
	(void)snprintf(r->user, sizeof(r->user), "%s", r->login[0].user);
	if (r->since == 0)
		r->since = r->login[0].since;
}

int crl_room_parse(const char *name, char *text, struct crl_room_info *ret)
{
	uint64_t start = 0;
	char *rest = NULL;
	int rc = 0;

	*ret = (struct crl_room_info){.uid = CRL_UID_UNKNOWN, .gid = CRL_UID_UNKNOWN, .grace_s = -1};
	for (char *line = strtok_r(text, "\n", &rest); line && rc == 0; line = strtok_r(NULL, "\n", &rest))
		rc = parse_line(line, ret, &start);
	if (rc == 0 && (!ret->id[0] || ret->supervisor <= 0))
		rc = -EBADMSG;
	if (rc < 0) {
		crl_room_info_done(ret);
		return rc;
	}
	complete(ret);
	if (name) /* an ending room's record has another by now */
		(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->supervisor_start = start;
	ret->stale = start == 0 || crl_process_start(ret->supervisor) != start;
	return 0;
}

int crl_room_load_fd(int fd, const char *name, struct crl_room_info *ret)
{
	scoped_free char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t n = 1;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	if (st.st_size > (off_t)CRL_RECORD_MAX)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	for (; n > 0 && len<(size_t)st.st_size; len += n> 0 ? (size_t)n : 0) {
		n = pread(fd, text + len, (size_t)st.st_size - len, (off_t)len);
		if (n < 0)
			return -errno;
	}
	text[len] = '\0';
	return strlen(text) != len ? -EBADMSG : crl_room_parse(name, text, ret);
}

int crl_room_load(int rooms_dir, const char *name, struct crl_room_info *ret)
{
	char file[CRL_KEY_MAX + 8];
	scoped_fd fd = -EBADF;

	if (snprintf(file, sizeof(file), "%s.room", name) >= (int)sizeof(file))
		return -ENAMETOOLONG;
	fd = openat(rooms_dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : crl_room_load_fd(fd, name, ret);
}

bool crl_room_file_name(const char *file, char name[CRL_KEY_MAX])
{
	const char *dot = strrchr(file, '.');

	if (!dot || dot == file || strcmp(dot, ".room") != 0 || (size_t)(dot - file) >= CRL_KEY_MAX)
		return false;
	(void)snprintf(name, CRL_KEY_MAX, "%.*s", (int)(dot - file), file);
	return true;
}
