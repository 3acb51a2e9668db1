// SPDX-License-Identifier: Apache-2.0
/* See tally.h. */
#include "state/learn/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/text.h"
#include "wire/proto.h"

#define DIRECTORY "learn"
#define HEADER "carrel-seen 1 "
#define SLOTS (2 * CRL_TALLY_MAX) /* a power of two, never full */
#define LOCK_MS 2000
#define LINE_MAX_LEN (8 + 1 + 11 + 1 + 16 + 1 + 20 + 1 + CRL_VISIBLE_MAX(CRL_PROGRAM_MAX) + 2)
#define OTHERS "*"

_Static_assert(CRL_TALLY_MAX < UINT16_MAX, "slots count from 1");
_Static_assert(CRL_TALLY_MAX *LINE_MAX_LEN < CRL_FILE_MAX, "a file is read at once");

int crl_tally_begin(struct crl_tally *t)
{
	*t = (struct crl_tally){.item = calloc(CRL_TALLY_MAX, sizeof(*t->item)),
				.slot = calloc(SLOTS, sizeof(*t->slot))};
	if (t->item && t->slot)
		return 0;
	crl_tally_done(t);
	return -ENOMEM;
}

void crl_tally_done(struct crl_tally *t)
{
	free(t->item);
	free(t->slot);
	*t = (struct crl_tally){.len = 0};
}

void crl_tally_clear(struct crl_tally *t)
{
	t->len = 0;
	t->lost = false;
	memset(t->slot, 0, SLOTS * sizeof(*t->slot));
}

static size_t hash(const struct crl_seen *s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (const char *p = s->program; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	h = (h ^ s->arch) * 0x100000001b3u;
	h = (h ^ (uint32_t)s->nr) * 0x100000001b3u;
	h = (h ^ s->value) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32) % SLOTS;
}

static bool is_same(const struct crl_seen *a, const struct crl_seen *b)
{
	return a->nr == b->nr && a->arch == b->arch && a->value == b->value && strcmp(a->program, b->program) == 0;
}

/* Its slot, or the free one where it would be. */
static uint16_t *find(struct crl_tally *t, const struct crl_seen *s)
{
	size_t at = hash(s);

	while (t->slot[at] != 0 && !is_same(&t->item[t->slot[at] - 1], s))
		at = (at + 1) % SLOTS;
	return &t->slot[at];
}

/* Returns whether it had a place among the first @max. */
static bool add_within(struct crl_tally *t, const struct crl_seen *s, size_t max)
{
	uint16_t *slot = find(t, s);

	if (*slot == 0) {
		if (t->len >= max)
			return false;
		t->item[t->len] = *s;
		*slot = (uint16_t)++t->len;
	} else if (__builtin_add_overflow(t->item[*slot - 1].count, s->count, &t->item[*slot - 1].count)) {
		t->item[*slot - 1].count = UINT64_MAX;
	}
	return true;
}

/* R1 */
void crl_tally_add(struct crl_tally *t, const struct crl_seen *seen)
{
	struct crl_seen others = *seen;

	if (add_within(t, seen, CRL_TALLY_MAX - CRL_TALLY_OTHERS))
		return;
	memset(others.program, 0, sizeof(others.program));
	memcpy(others.program, OTHERS, sizeof(OTHERS));
	others.value = CRL_NO_VALUE;
	if (!add_within(t, &others, CRL_TALLY_MAX))
		t->lost = true;
}

/* ---- the file's text ------------------------------------------------------------------------------------------ */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_hex(const char *text, size_t most, uint64_t *ret)
{
	size_t len = strlen(text);

	*ret = 0;
	if (len == 0 || len > most)
		return -EBADMSG;
	for (; *text; text++) {
		int digit = hex_digit(*text);

		if (digit < 0)
			return -EBADMSG;
		*ret = *ret << 4 | (uint64_t)digit;
	}
	return 0;
}

/* The field as the kernel had it. */
static int parse_program(const char *field, char program[CRL_PROGRAM_MAX])
{
	size_t n = 0;

	while (*field) {
		int high, low;

		if (n == CRL_PROGRAM_MAX - 1 || *field <= ' ' || *field > '~')
			return -EBADMSG;
		if (*field != '\\') {
			program[n++] = *field++;
			continue;
		}
		high = field[1] == 'x' ? hex_digit(field[2]) : -1;
		low = high < 0 ? -1 : hex_digit(field[3]);
		if (low < 0)
			return -EBADMSG;
		program[n++] = (char)(high * 16 + low);
		field += 4;
	}
	program[n] = '\0';
	return n > 0 ? 0 : -EBADMSG;
}

static int parse_line(char *line, struct crl_seen *ret)
{
	char *field[5], *rest = line;
	uint64_t arch, nr;
	bool negative;

	*ret = (struct crl_seen){.value = CRL_NO_VALUE};
	for (size_t i = 0; i < CRL_ARRAY_LEN(field); i++) {
		field[i] = strsep(&rest, " ");
		if (!field[i])
			return -EBADMSG;
	}
	negative = field[1][0] == '-';
	if (rest || parse_hex(field[0], 8, &arch) < 0 || crl_parse_uint(field[1] + negative, 0, INT32_MAX, &nr) < 0 ||
	    (strcmp(field[2], "-") != 0 && parse_hex(field[2], 16, &ret->value) < 0) ||
	    crl_parse_uint(field[3], 1, UINT64_MAX, &ret->count) < 0 || parse_program(field[4], ret->program) < 0)
		return -EBADMSG;
	ret->arch = (uint32_t)arch;
	ret->nr = negative ? -(int32_t)nr : (int32_t)nr;
	return 0;
}

static int parse(char *text, struct crl_tally *ret)
{
	char *rest = text, *line = strsep(&rest, "\n"), *whole;
	uint64_t lines;
	bool lost;

	if (strncmp(line, HEADER, strlen(HEADER)) != 0)
		return -EBADMSG;
	whole = strchr(line + strlen(HEADER), ' ');
	if (!whole || (strcmp(whole, " 0") != 0 && strcmp(whole, " 1") != 0))
		return -EBADMSG;
	lost = whole[1] == '0';
	*whole = '\0';
	if (crl_parse_uint(line + strlen(HEADER), 0, CRL_TALLY_MAX, &lines) < 0)
		return -EBADMSG;
	while (lines-- > 0) {
		struct crl_seen seen;

		line = strsep(&rest, "\n");
		if (!line || parse_line(line, &seen) < 0)
			return -EBADMSG;
		crl_tally_add(ret, &seen);
	}
	ret->lost |= lost;
	return rest && *rest == '\0' ? 0 : -EBADMSG;
}

int crl_tally_parse(char *text, size_t len, struct crl_tally *ret)
{
	int rc = strlen(text) == len ? parse(text, ret) : -EBADMSG;

	if (rc < 0)
		crl_tally_clear(ret);
	return rc;
}

int crl_tally_print(const struct crl_tally *t, char **ret_text, size_t *ret_len)
{
	size_t size = 64 + t->len * LINE_MAX_LEN, at;
	char *text = malloc(size);

	if (!text)
		return -ENOMEM;
	at = (size_t)snprintf(text, size, HEADER "%zu %d\n", t->len, !t->lost);
	for (size_t i = 0; i < t->len; i++) {
		const struct crl_seen *s = &t->item[i];
		char program[CRL_VISIBLE_MAX(CRL_PROGRAM_MAX)], value[20] = "-";

		if (s->value != CRL_NO_VALUE)
			(void)snprintf(value, sizeof(value), "%" PRIx64, s->value);
		at += (size_t)snprintf(text + at, size - at, "%" PRIx32 " %" PRId32 " %s %" PRIu64 " %s\n", s->arch,
				       s->nr, value, s->count,
				       crl_visible_field(program, sizeof(program), s->program[0] ? s->program : "?"));
	}
	*ret_text = text;
	*ret_len = at;
	return 0;
}

/* ---- the file ------------------------------------------------------------------------------------------------- */

int crl_learn_open(int at, bool make, int *ret_fd)
{
	int fd;

	if (make && mkdirat(at, DIRECTORY, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(at, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Names of policies are words without a slash, and no name of ours has two dots. */
static int name_file(const char *policy, const char *ending, char name[CRL_POLICY_NAME_MAX + 16])
{
	if (!crl_name_is_valid(policy, CRL_POLICY_NAME_MAX))
		return -EINVAL;
	(void)snprintf(name, CRL_POLICY_NAME_MAX + 16, "%s.%s", policy, ending);
	return 0;
}

static int lock(int dir, const char *policy, int *ret_fd)
{
	char name[CRL_POLICY_NAME_MAX + 16];
	scoped_fd fd = -EBADF;
	int rc = name_file(policy, "lock", name);

	if (rc < 0)
		return rc;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (int64_t end = crl_now_ms() + LOCK_MS; flock(fd, LOCK_EX | LOCK_NB) < 0;) {
		if (crl_now_ms() >= end)
			return -EWOULDBLOCK;
		crl_pause_ms(5);
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

static int read_into(int dir, const char *policy, struct crl_tally *ret)
{
	char name[CRL_POLICY_NAME_MAX + 16];
	scoped_free char *text = NULL;
	scoped_fd fd = -EBADF;
	struct stat st;
	size_t len;
	int rc = name_file(policy, "seen", name);

	if (rc < 0)
		return rc;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EBADMSG;
	rc = crl_file_read_all(fd, &text, &len);
	return rc < 0 ? rc : crl_tally_parse(text, len, ret);
}

static int write_file(int dir, const char *policy, const struct crl_tally *t, bool durable)
{
	char name[CRL_POLICY_NAME_MAX + 16], beside[CRL_POLICY_NAME_MAX + 16];
	scoped_free char *text = NULL;
	size_t len;
	int rc = name_file(policy, "seen", name);

	if (rc == 0)
		rc = name_file(policy, "new", beside); /* one writes at a time */
	if (rc == 0)
		rc = crl_tally_print(t, &text, &len);
	return rc < 0 ? rc
		      : crl_file_replace(dir, &(struct crl_file){.name = name,
								 .beside = beside,
								 .data = text,
								 .len = len,
								 .mode = 0600,
								 .durable = durable});
}

int crl_tally_merge(int dir, const char *policy, const struct crl_tally *t, bool durable)
{
	scoped(crl_tally) all = {0};
	scoped_fd held = -EBADF;
	int rc = lock(dir, policy, &held);

	if (rc == 0)
		rc = crl_tally_begin(&all);
	if (rc < 0)
		return rc;
	rc = read_into(dir, policy, &all);
	if (rc < 0 && rc != -ENOENT && rc != -EBADMSG)
		return rc;
	for (size_t i = 0; i < t->len; i++)
		crl_tally_add(&all, &t->item[i]);
	all.lost |= t->lost;
	return write_file(dir, policy, &all, durable);
}

int crl_tally_read(int dir, const char *policy, struct crl_tally *ret)
{
	int rc = crl_tally_begin(ret);

	if (rc == 0)
		rc = read_into(dir, policy, ret);
	if (rc < 0)
		crl_tally_done(ret);
	return rc;
}

int crl_tally_forget(int dir, const char *policy)
{
	char name[CRL_POLICY_NAME_MAX + 16];
	scoped_fd held = -EBADF;
	int rc = lock(dir, policy, &held);

	if (rc == 0)
		rc = name_file(policy, "seen", name);
	if (rc < 0)
		return rc;
	return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}
