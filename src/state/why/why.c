// SPDX-License-Identifier: Apache-2.0
/*
 * The files of users: read strictly, written beside and renamed.
 *
 * Runs in: helper, supervisor in its sandbox, carrelctl.
 * Trusts: STATE, 0700 and root's. R1: see read_file(). R2: no wait without end: whoever holds the lock may be stopped.
 */
#include "state/why/why.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/scope.h"
#include "base/text.h"
#include "state/why/aged.h"

#define DIRECTORY "why"
#define HEADER "carrel-why 2 "
#define FIELDS 8
#define LOCK_MS 200
#define DIGITS 16 /* of the digest, hexadecimal */
#define NAME_MAX_LEN (10 + 1 + DIGITS)

/* FNV-1a: tells names apart, guards nothing; the name itself is in the file. */
static uint64_t digest(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	return h;
}

static void name_file(struct crl_why_whose whose, char name[NAME_MAX_LEN + 1])
{
	(void)snprintf(name, NAME_MAX_LEN + 1, "%" PRIu32 "-%016" PRIx64, whose.uid, digest(whose.user));
}

/* Is it the name of a record? */
static bool is_file(const char *name, uint32_t *ret)
{
	const char *dash = strchr(name, '-');
	char number[11];
	uint64_t uid;

	if (!dash || (size_t)(dash - name) >= sizeof(number) || strlen(dash + 1) != DIGITS ||
	    strspn(dash + 1, "0123456789abcdef") != DIGITS)
		return false;
	(void)snprintf(number, sizeof(number), "%.*s", (int)(dash - name), name);
	if (crl_parse_uint(number, 0, UINT32_MAX - 1, &uid) < 0)
		return false;
	*ret = (uint32_t)uid;
	return true;
}

int crl_why_open(int state_dir, bool make, int *ret_fd)
{
	scoped_fd fd = openat(state_dir, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(state_dir, DIRECTORY, 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(state_dir, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* R2: without the lock an event may be lost, which is the lesser evil. */
static void lock(int dir)
{
	for (int64_t end = crl_now_ms() + LOCK_MS; flock(dir, LOCK_EX | LOCK_NB) < 0 && crl_now_ms() < end;)
		crl_pause_ms(2);
}

static int parse_cause(const char *word, enum crl_why_cause *ret)
{
	for (enum crl_why_cause cause = 0; cause < CRL_WHY_COUNT; cause++) {
		if (strcmp(word, crl_why_name(cause)) == 0) {
			*ret = cause;
			return 0;
		}
	}
	return -EBADMSG;
}

static bool id_is_valid(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < CRL_ID_MAX && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789")] == '\0';
}

static int parse_event(char *line, struct crl_why_event *e)
{
	char *field[FIELDS], *rest = line;
	uint64_t when, told, since;

	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = strsep(&rest, " ");
		if (!field[i])
			return -EBADMSG;
	}
	if (rest || crl_parse_uint(field[0], 0, INT64_MAX, &when) < 0 ||
	    crl_parse_uint(field[1], 0, CRL_WHY_OFFERS, &told) < 0 || parse_cause(field[2], &e->cause) < 0 ||
	    crl_parse_uint(field[3], 0, UINT64_MAX, &e->count) < 0 ||
	    crl_parse_uint(field[5], 0, INT64_MAX, &since) < 0)
		return -EBADMSG;
	e->limit = CRL_COUNT_UNKNOWN;
	if (strcmp(field[4], "-") != 0 && crl_parse_uint(field[4], 0, UINT64_MAX, &e->limit) < 0)
		return -EBADMSG;
	if (!id_is_valid(field[6]) || !crl_name_is_valid(field[7], sizeof(e->policy)))
		return -EBADMSG;
	e->when_ms = (int64_t)when;
	e->since = (int64_t)since;
	e->told = told == 1;
	e->offers = told > 1 ? told - 1 : 0;
	(void)snprintf(e->id, sizeof(e->id), "%s", field[6]);
	(void)snprintf(e->policy, sizeof(e->policy), "%s", field[7]);
	return 0;
}

static int take_user(const char *field, struct crl_why *ret)
{
	size_t len = strlen(field);

	if (len == 0 || len >= sizeof(ret->user))
		return -EBADMSG;
	for (const char *p = field; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '"' || *p == '=')
			return -EBADMSG;
	memcpy(ret->user, field, len + 1);
	return 0;
}

static int parse_lines(char *text, struct crl_why *ret)
{
	char *rest = text, *line = strsep(&rest, "\n"), *user;
	uint64_t events;
	int rc;

	if (strncmp(line, HEADER, strlen(HEADER)) != 0)
		return -EBADMSG;
	user = strchr(line + strlen(HEADER), ' ');
	if (!user)
		return -EBADMSG;
	*user++ = '\0';
	if (crl_parse_uint(line + strlen(HEADER), 0, CRL_WHY_EVENTS_MAX, &events) < 0)
		return -EBADMSG;
	rc = take_user(user, ret);
	if (rc < 0)
		return rc;
	while (ret->len < events) {
		line = strsep(&rest, "\n");
		if (!line || parse_event(line, &ret->event[ret->len]) < 0)
			return -EBADMSG;
		ret->len++;
	}
	return rest && *rest == '\0' ? 0 : -EBADMSG; /* each line has its end, and none is too many */
}

int crl_why_parse(char *text, size_t len, struct crl_why *ret)
{
	int rc = -EBADMSG;

	*ret = (struct crl_why){.len = 0};
	if (strlen(text) == len)
		rc = parse_lines(text, ret);
	if (rc < 0)
		*ret = (struct crl_why){.len = 0};
	return rc;
}

/* R1 */
static int read_file(int dir, const char *name, struct crl_why *ret)
{
	char text[CRL_WHY_SIZE_MAX + 1];
	scoped_fd fd = -EBADF;
	struct stat st;
	ssize_t n;

	*ret = (struct crl_why){.len = 0};
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : errno == ELOOP ? -EBADMSG : -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 07777) != 0600 ||
	    st.st_nlink != 1 || st.st_size > CRL_WHY_SIZE_MAX)
		return -EBADMSG;
	n = crl_file_read_fd(fd, text, sizeof(text));
	if (n < 0)
		return (int)n;
	return crl_why_parse(text, (size_t)n, ret);
}

/* Empty and @whose's when there is none of theirs. */
static int read_own(int dir, struct crl_why_whose whose, struct crl_why *ret)
{
	char name[NAME_MAX_LEN + 1], user[sizeof(ret->user)];
	int rc;

	(void)crl_visible_field(user, sizeof(user), whose.user);
	name_file(whose, name);
	rc = read_file(dir, name, ret);
	if (rc == 0 && strcmp(ret->user, user) != 0)
		rc = -EBADMSG;
	if (rc < 0)
		*ret = (struct crl_why){.len = 0};
	memcpy(ret->user, user, sizeof(user));
	return rc;
}

int crl_why_read(int state_dir, struct crl_why_whose whose, struct crl_why *ret)
{
	scoped_fd dir = -EBADF;
	int rc = crl_why_open(state_dir, false, &dir);

	ret->len = 0;
	return rc < 0 ? rc : read_own(dir, whose, ret);
}

int crl_why_print(const struct crl_why *why, char buf[CRL_WHY_SIZE_MAX + 1])
{
	const size_t size = CRL_WHY_SIZE_MAX + 1;
	size_t at = (size_t)snprintf(buf, size, HEADER "%zu %s\n", why->len, why->user);

	for (size_t i = 0; i < why->len && at < size; i++) {
		const struct crl_why_event *e = &why->event[i];
		char limit[24] = "-";

		if (e->limit != CRL_COUNT_UNKNOWN)
			(void)snprintf(limit, sizeof(limit), "%" PRIu64, e->limit);
		at += (size_t)snprintf(buf + at, size - at,
				       "%" PRId64 " %" PRIu64 " %s %" PRIu64 " %s %" PRId64 " %s %s\n", e->when_ms,
				       e->told     ? 1
				       : e->offers ? 1 + e->offers
						   : 0,
				       crl_why_name(e->cause), e->count, limit, e->since, e->id, e->policy);
	}
	return at < size ? (int)at : -EMSGSIZE;
}

static int write_file(int dir, struct crl_why_whose whose, const struct crl_why *why)
{
	char name[NAME_MAX_LEN + 1], beside[NAME_MAX_LEN + 20], text[CRL_WHY_SIZE_MAX + 1];
	int len = crl_why_print(why, text);

	if (len < 0)
		return len;
	name_file(whose, name);
	(void)snprintf(beside, sizeof(beside), "%s.%d", name, (int)getpid());
	return crl_file_replace(
		dir, &(struct crl_file){.name = name, .beside = beside, .data = text, .len = len, .mode = 0600});
}

/* It is what is now that counts: the one before would keep an event of another kind out. */
static void drop_changes(struct crl_why *why)
{
	size_t n = 0;

	for (size_t i = 0; i < why->len; i++)
		if (why->event[i].cause != CRL_WHY_CHANGES)
			why->event[n++] = why->event[i];
	why->len = n;
}

static void append(struct crl_why *why, const struct crl_why_event *e, int64_t when_ms)
{
	if (e->cause == CRL_WHY_CHANGES)
		drop_changes(why);
	if (why->len == CRL_WHY_EVENTS_MAX)
		memmove(&why->event[0], &why->event[1], --why->len * sizeof(*e));
	why->event[why->len] = *e;
	why->event[why->len++].when_ms = when_ms; /* taken under the lock: the order of the file is that of time */
}

int crl_why_add(int state_dir, struct crl_why_whose whose, const struct crl_why_event *event, size_t len)
{
	scoped_fd dir = -EBADF;
	struct crl_why why;
	int rc = crl_why_open(state_dir, true, &dir);

	if (rc < 0)
		return rc;
	lock(dir);
	crl_ignore(read_own(dir, whose, &why)); /* it is empty then, and begun anew */
	for (size_t i = 0; i < len; i++)
		append(&why, &event[i], crl_clock_ms());
	return write_file(dir, whose, &why);
}

/* Returns whether anything is another now. */
static bool tell_event(struct crl_why_event *e, int64_t until_ms, bool sure)
{
	if (e->told || e->when_ms > until_ms)
		return false;
	e->offers++;
	e->told = sure || e->offers == CRL_WHY_OFFERS;
	return true;
}

void crl_why_tell(int state_dir, struct crl_why_whose whose, int64_t until_ms, bool sure)
{
	scoped_fd dir = -EBADF;
	bool changed = false;
	struct crl_why why;

	if (crl_why_open(state_dir, false, &dir) < 0)
		return;
	lock(dir);
	if (read_own(dir, whose, &why) < 0)
		return;
	for (size_t i = 0; i < why.len; i++)
		changed |= tell_event(&why.event[i], until_ms, sure);
	if (changed)
		crl_ignore(write_file(dir, whose, &why)); /* then the user hears it once more */
}

int crl_why_users(int state_dir, crl_why_user *each, void *arg)
{
	scoped_fd fd = -EBADF;
	scoped(crl_dir) dir = {0};
	struct crl_why why;
	uint32_t uid;
	int rc = crl_why_open(state_dir, false, &fd);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = crl_dir_open(fd, ".", &dir);
	if (rc < 0)
		return rc;
	for (const char *name; (name = crl_dir_next(&dir));) {
		if (!is_file(name, &uid))
			continue;
		rc = read_file(fd, name, &why);
		if (rc != -ENOENT) /* gone meanwhile */
			each(arg, uid, name, &why, rc);
	}
	return 0;
}

static bool is_whole(const char *name)
{
	uint32_t uid;

	return is_file(name, &uid);
}

void crl_why_sweep(int state_dir)
{
	scoped_fd fd = -EBADF;

	if (crl_why_open(state_dir, false, &fd) == 0)
		crl_aged_drop(fd, is_whole, CRL_WHY_KEPT_DAYS);
}
