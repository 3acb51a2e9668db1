// SPDX-License-Identifier: Apache-2.0
/* See refused.h. */
#include "state/why/refused.h"

#include <errno.h>
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
#include "state/why/aged.h"

#define HEADER "carrel-refused 1 "
#define LOCK_MS 200
#define FIELDS (6 + CRL_REFUSED_ARGS + 3)
#define TEXT_MAX (64 + 4 * CRL_USER_MAX + CRL_REFUSED_MAX * 400)

static const char *const words[CRL_REFUSED_COUNT] = {
	[CRL_REFUSED] = "refused",
	[CRL_WOULD_BE_REFUSED] = "would-be-refused",
	[CRL_TOLD] = "told",
};

const char *crl_refused_word(enum crl_refused_how how)
{
	return how < CRL_REFUSED_COUNT ? words[how] : "?";
}

static bool is_kind(const struct crl_refused *a, const struct crl_refused *b)
{
	return a->how == b->how && a->arch == b->arch && a->nr == b->nr && strcmp(a->policy, b->policy) == 0 &&
	       strcmp(a->program, b->program) == 0;
}

/* It becomes the last. R2 */
void crl_refusals_add(struct crl_refusals *r, const struct crl_refused *one)
{
	struct crl_refused sum = *one;
	size_t at = 0;

	while (at < r->len && !is_kind(&r->item[at], one))
		at++;
	if (at < r->len) {
		sum.first_ms = r->item[at].first_ms;
		if (__builtin_add_overflow(r->item[at].count, one->count, &sum.count))
			sum.count = UINT64_MAX;
	} else if (r->len == CRL_REFUSED_MAX) {
		at = 0;
	} else {
		at = r->len++;
	}
	memmove(&r->item[at], &r->item[at + 1], (r->len - 1 - at) * sizeof(sum));
	r->item[r->len - 1] = sum;
}

/* ---- the text ------------------------------------------------------------------------------------------------- */

static int parse_hex(const char *text, uint64_t max, uint64_t *ret)
{
	size_t len = strlen(text);

	if (len == 0 || len > 16 || text[strspn(text, "0123456789abcdef")] != '\0')
		return -EBADMSG;
	*ret = strtoull(text, NULL, 16);
	return *ret <= max ? 0 : -EBADMSG;
}

static int parse_how(const char *word, enum crl_refused_how *ret)
{
	for (enum crl_refused_how how = 0; how < CRL_REFUSED_COUNT; how++) {
		if (strcmp(word, words[how]) == 0) {
			*ret = how;
			return 0;
		}
	}
	return -EBADMSG;
}

static bool is_visible(const char *text, size_t size)
{
	size_t len = strlen(text);

	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return len > 0 && len < size;
}

static int parse_line(char *line, struct crl_refused *ret)
{
	char *field[FIELDS], *rest = line;
	uint64_t first, last, arch, nr;
	size_t n = 0;

	for (; n < FIELDS && rest; n++)
		field[n] = strsep(&rest, " ");
	*ret = (struct crl_refused){.count = 0};
	if (n != FIELDS || rest || crl_parse_uint(field[0], 0, INT64_MAX, &first) < 0 ||
	    crl_parse_uint(field[1], 0, INT64_MAX, &last) < 0 ||
	    crl_parse_uint(field[2], 1, UINT64_MAX, &ret->count) < 0 || parse_how(field[3], &ret->how) < 0 ||
	    parse_hex(field[4], UINT32_MAX, &arch) < 0 || parse_hex(field[5], UINT32_MAX, &nr) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < CRL_REFUSED_ARGS; i++)
		if (parse_hex(field[6 + i], UINT64_MAX, &ret->arg[i]) < 0)
			return -EBADMSG;
	if (!is_visible(field[9], sizeof(ret->id)) || !crl_name_is_valid(field[10], sizeof(ret->policy)) ||
	    !is_visible(field[11], sizeof(ret->program)))
		return -EBADMSG;
	ret->first_ms = (int64_t)first;
	ret->last_ms = (int64_t)last;
	ret->arch = (uint32_t)arch;
	ret->nr = (int32_t)(uint32_t)nr;
	(void)snprintf(ret->id, sizeof(ret->id), "%s", field[9]);
	(void)snprintf(ret->policy, sizeof(ret->policy), "%s", field[10]);
	(void)snprintf(ret->program, sizeof(ret->program), "%s", field[11]);
	return 0;
}

static int parse(char *text, struct crl_refusals *ret)
{
	char *rest = text, *line = strsep(&rest, "\n"), *user;
	uint64_t lines;

	if (strncmp(line, HEADER, strlen(HEADER)) != 0)
		return -EBADMSG;
	user = strchr(line + strlen(HEADER), ' ');
	if (!user)
		return -EBADMSG;
	*user++ = '\0';
	if (crl_parse_uint(line + strlen(HEADER), 0, CRL_REFUSED_MAX, &lines) < 0 ||
	    !is_visible(user, sizeof(ret->user)))
		return -EBADMSG;
	(void)snprintf(ret->user, sizeof(ret->user), "%s", user);
	while (ret->len < lines) {
		line = strsep(&rest, "\n");
		if (!line || parse_line(line, &ret->item[ret->len]) < 0)
			return -EBADMSG;
		ret->len++;
	}
	return rest && *rest == '\0' ? 0 : -EBADMSG;
}

int crl_refusals_parse(char *text, size_t len, struct crl_refusals *ret)
{
	int rc;

	*ret = (struct crl_refusals){.len = 0};
	rc = strlen(text) == len ? parse(text, ret) : -EBADMSG;
	if (rc < 0)
		*ret = (struct crl_refusals){.len = 0};
	return rc;
}

int crl_refusals_print(const struct crl_refusals *r, char *buf, size_t size)
{
	int at = snprintf(buf, size, HEADER "%zu %s\n", r->len, r->user);

	for (size_t i = 0; i < r->len && at >= 0 && (size_t)at < size; i++) {
		const struct crl_refused *one = &r->item[i];

		at += snprintf(buf + at, size - (size_t)at,
			       "%" PRId64 " %" PRId64 " %" PRIu64 " %s %" PRIx32 " %" PRIx32 " %" PRIx64 " %" PRIx64
			       " %" PRIx64 " %s %s %s\n",
			       one->first_ms, one->last_ms, one->count, words[one->how], one->arch, (uint32_t)one->nr,
			       one->arg[0], one->arg[1], one->arg[2], one->id, one->policy, one->program);
	}
	return at < 0 || (size_t)at >= size ? -EMSGSIZE : at;
}

/* ---- the files ------------------------------------------------------------------------------------------------ */

int crl_refused_open(int state_dir, bool make, int *ret_fd)
{
	int fd;

	if (make && mkdirat(state_dir, CRL_REFUSED_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(state_dir, CRL_REFUSED_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* R1 */
static int read_file(int dir, const char *name, struct crl_refusals *ret)
{
	static char text[TEXT_MAX + 1];
	ssize_t n = crl_file_read(dir, name, text, sizeof(text));

	*ret = (struct crl_refusals){.len = 0};
	return n < 0 ? (int)n : crl_refusals_parse(text, (size_t)n, ret);
}

/* Without the lock a count may be lost, which is the lesser evil: whoever holds it may be stopped. */
static void lock(int dir)
{
	for (int64_t end = crl_now_ms() + LOCK_MS; flock(dir, LOCK_EX | LOCK_NB) < 0 && crl_now_ms() < end;)
		crl_pause_ms(2);
}

int crl_refused_merge(int dir, uint32_t uid, const struct crl_refusals *r)
{
	static struct crl_refusals all; /* 20 KiB */
	static char text[TEXT_MAX + 1];
	char name[16], beside[40];
	int n;

	(void)snprintf(name, sizeof(name), "%" PRIu32, uid);
	(void)snprintf(beside, sizeof(beside), "%s.%d", name, (int)getpid());
	lock(dir);
	if (read_file(dir, name, &all) < 0 || strcmp(all.user, r->user) != 0) /* whoever had the uid before */
		all.len = 0;
	(void)snprintf(all.user, sizeof(all.user), "%s", r->user);
	for (size_t i = 0; i < r->len; i++)
		crl_refusals_add(&all, &r->item[i]);
	n = crl_refusals_print(&all, text, sizeof(text));
	if (n >= 0)
		n = crl_file_replace(
			dir, &(struct crl_file){
				     .name = name, .beside = beside, .data = text, .len = (size_t)n, .mode = 0600});
	crl_ignore(flock(dir, LOCK_UN)); /* it is the open directory's, which stays */
	return n < 0 ? n : 0;
}

static bool is_of(const char *name, uint64_t *ret_uid)
{
	return crl_parse_uint(name, 0, UINT32_MAX - 1, ret_uid) == 0;
}

static bool is_whole(const char *name)
{
	uint64_t uid;

	return is_of(name, &uid);
}

int crl_refused_users(int state_dir, crl_refused_user *each, void *arg)
{
	static struct crl_refusals r;
	scoped_fd fd = -EBADF;
	scoped(crl_dir) dir = {0};
	int rc = crl_refused_open(state_dir, false, &fd);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = crl_dir_open(fd, ".", &dir);
	if (rc < 0)
		return rc;
	for (const char *name; (name = crl_dir_next(&dir));) {
		uint64_t uid;

		if (is_of(name, &uid) && read_file(fd, name, &r) == 0)
			each(arg, (uint32_t)uid, &r);
	}
	return 0;
}

void crl_refused_sweep(int state_dir)
{
	scoped_fd fd = -EBADF;

	if (crl_refused_open(state_dir, false, &fd) == 0)
		crl_aged_drop(fd, is_whole, CRL_REFUSED_DAYS);
}
