// SPDX-License-Identifier: Apache-2.0
/*
 * See ids.h.
 *
 * R1: no two users' ranges share an id, and none has an id that is an account's of the host: what meets is refused, or
 * passed over where a range is looked for.
 * R2: what was allotted is somebody's by number and name: who gets a number anew gets ids anew.
 */
#include "plan/ids.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"

#define ID_LAST (UINT32_MAX - 1) /* (uint32_t)-1 is no id */
#define FIELDS_MAX 4 /* nobody looks at what is behind the third */
#define FIELD_LEN 256

int crl_subid_ranges_add(struct crl_subid_ranges *r, uint32_t first, uint32_t count)
{
	if (r->len == r->capacity) {
		size_t capacity = r->capacity ? 2 * r->capacity : 64;
		struct crl_subid_range *grown = reallocarray(r->item, capacity, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		r->item = grown;
		r->capacity = capacity;
	}
	r->item[r->len++] = (struct crl_subid_range){first, count};
	return 0;
}

static bool meet(const struct crl_subid_range *a, const struct crl_subid_range *b)
{
	return a->count && b->count && (uint64_t)a->first < (uint64_t)b->first + b->count &&
	       (uint64_t)b->first < (uint64_t)a->first + a->count;
}

/* R1 */
bool crl_subid_ranges_meet(const struct crl_subid_ranges *r, const struct crl_subid_range *range)
{
	for (size_t i = 0; i < r->len; i++)
		if (meet(&r->item[i], range))
			return true;
	return false;
}

void crl_subid_ranges_done(struct crl_subid_ranges *r)
{
	free(r->item);
	*r = (struct crl_subid_ranges){.len = 0};
}

/* One line of a text, and where its fields begin. */
struct ids_line {
	const char *field[FIELDS_MAX];
	size_t fields;
};

/* However long it is: what is not looked at would be nobody's. Returns false behind the last. */
static bool next_line(const char **text, char sep, struct ids_line *ret)
{
	const char *end = *text + strcspn(*text, "\n");

	if (!**text)
		return false;
	*ret = (struct ids_line){.field = {*text}, .fields = 1};
	for (const char *at = *text; at < end && ret->fields < FIELDS_MAX; at++)
		if (*at == sep)
			ret->field[ret->fields++] = at + 1;
	*text = end + (*end == '\n');
	return true;
}

/* A field, without what is behind it. Returns false when it is too long to be a number or a name. */
static bool take_field(const struct ids_line *l, size_t n, char sep, char ret[FIELD_LEN])
{
	const char ends[] = {sep, '\n', '\0'};
	size_t len = n < l->fields ? strcspn(l->field[n], ends) : FIELD_LEN;

	ret[0] = '\0';
	if (len >= FIELD_LEN)
		return false;
	memcpy(ret, l->field[n], len);
	ret[len] = '\0';
	return true;
}

static bool take_number(const struct ids_line *l, size_t n, uint64_t min, uint64_t max, uint64_t *ret)
{
	char text[FIELD_LEN];

	return take_field(l, n, ' ', text) && crl_parse_uint(text, min, max, ret) == 0;
}

/* As those who read these files do: newuidmap(1) by base 0, which is hexadecimal and octal too, nss_files by 10. */
static bool take_lenient(const struct ids_line *l, size_t n, int base, uint64_t *ret)
{
	char text[FIELD_LEN], *end;

	if (!take_field(l, n, ':', text) || !text[0])
		return false;
	errno = 0;
	*ret = strtoull(text, &end, base);
	return errno == 0 && !*end && *ret <= UINT32_MAX;
}

/* "OWNER:FIRST:COUNT". What would end behind the last id ends there. */
static bool split_subid(const struct ids_line *l, char owner[FIELD_LEN], struct crl_subid_range *ret)
{
	uint64_t first, count;

	if (l->fields != 3 || !take_lenient(l, 1, 0, &first) || !take_lenient(l, 2, 0, &count) || count == 0 ||
	    first > ID_LAST)
		return false;
	(void)take_field(l, 0, ':', owner); /* too long a one is nobody's who asks, and a range all the same */
	if (count > ID_LAST - first + 1)
		count = ID_LAST - first + 1;
	*ret = (struct crl_subid_range){(uint32_t)first, (uint32_t)count};
	return true;
}

static bool is_who(const char *owner, const struct crl_subid_owner *who)
{
	uint64_t number;

	return strcmp(owner, who->user) == 0 || (crl_parse_uint(owner, 0, ID_LAST, &number) == 0 && number == who->uid);
}

int crl_subids_read(const char *text, const struct crl_subid_owner *who, struct crl_subid_range *ret, bool *ret_small,
		    struct crl_subid_ranges *others)
{
	struct crl_subid_range found = {0}, range;
	struct ids_line line;
	bool any = false;

	while (next_line(&text, ':', &line)) {
		char owner[FIELD_LEN];
		int rc = 0;

		if (!split_subid(&line, owner, &range))
			continue;
		if (!is_who(owner, who))
			rc = crl_subid_ranges_add(others, range.first, range.count);
		else if (found.count == 0 && range.count >= CRL_IDS_EACH)
			found = (struct crl_subid_range){range.first, CRL_IDS_EACH};
		else
			any = true;
		if (rc < 0)
			return rc;
	}
	*ret = found;
	*ret_small = any && found.count == 0;
	return 0;
}

int crl_subids_read_accounts(const char *text, struct crl_subid_ranges *taken)
{
	struct ids_line line;

	while (next_line(&text, ':', &line)) {
		uint64_t number;
		int rc;

		if (!take_lenient(&line, 2, 10, &number))
			continue;
		rc = crl_subid_ranges_add(taken, (uint32_t)number, 1);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* "UID FIRST NAME", where a name is all that comes, blanks too. */
static bool is_theirs(const struct ids_line *l, uint64_t uid, const struct crl_subid_owner *who)
{
	const char *name = l->fields > 2 ? l->field[2] : NULL;
	size_t len = strlen(who->user);

	return uid == who->uid && (!name || (strcspn(name, "\n") == len && memcmp(name, who->user, len) == 0)); /* R2 */
}

int crl_subids_read_record(const char *text, const struct crl_subid_owner *who, struct crl_subid_range *ret,
			   struct crl_subid_ranges *others)
{
	struct crl_subid_range found = {0};
	struct ids_line line;

	if (strncmp(text, CRL_IDS_RECORD, strlen(CRL_IDS_RECORD)) != 0)
		return -EBADMSG;
	text += strlen(CRL_IDS_RECORD);
	while (next_line(&text, ' ', &line)) {
		uint64_t uid, at;
		int rc = 0;

		if (line.fields < 2 || !take_number(&line, 0, 0, ID_LAST, &uid) ||
		    !take_number(&line, 1, 1, ID_LAST - CRL_IDS_EACH, &at))
			return -EBADMSG;
		if (is_theirs(&line, uid, who))
			found = (struct crl_subid_range){(uint32_t)at, CRL_IDS_EACH};
		else
			rc = crl_subid_ranges_add(others, (uint32_t)at, CRL_IDS_EACH);
		if (rc < 0)
			return rc;
	}
	*ret = found;
	return 0;
}

void crl_subids_record_line(const struct crl_subid_owner *who, const struct crl_subid_range *range,
			    char buf[CRL_IDS_RECORD_LINE])
{
	size_t len = strcspn(who->user, "\n"); /* no name has one; a line has */

	(void)snprintf(buf, CRL_IDS_RECORD_LINE, "%" PRIu32 " %" PRIu32 "%s%.*s\n", who->uid, range->first,
		       len ? " " : "", (int)(len < FIELD_LEN ? len : 0), who->user); /* fits */
}

/* R1 */
int crl_subids_allot(uint32_t uid, const struct crl_subid_range *pool, const struct crl_subid_ranges *taken,
		     struct crl_subid_range *ret)
{
	uint32_t slots = pool->count / CRL_IDS_EACH;

	for (uint32_t i = 0; i < slots; i++) {
		uint32_t slot = (uint32_t)(((uint64_t)uid + i) % slots);
		struct crl_subid_range range = {pool->first + slot * CRL_IDS_EACH, CRL_IDS_EACH};

		if (crl_subid_ranges_meet(taken, &range))
			continue;
		*ret = range;
		return 0;
	}
	return -ENOSPC;
}

static void add(struct crl_subid_map *m, uint32_t inside, uint32_t outside, uint32_t count)
{
	if (count == 0)
		return;
	m->line[m->len].inside = inside;
	m->line[m->len].outside = outside;
	m->line[m->len++].count = count;
}

void crl_subid_map_make(enum crl_own_user mode, uint32_t id, const struct crl_subid_range *range,
			struct crl_subid_map *ret)
{
	uint32_t own = mode == CRL_USER_ROOT ? 0 : id;
	uint32_t before = own < range->count ? own : range->count;

	*ret = (struct crl_subid_map){.len = 0};
	add(ret, 0, range->first, before);
	add(ret, own, id, 1);
	if (own < range->count)
		add(ret, own + 1, range->first + own + 1, range->count - own - 1);
}

size_t crl_subid_map_print(const struct crl_subid_map *m, char buf[CRL_ID_MAP_TEXT])
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < m->len; i++)
		len += (size_t)snprintf(buf + len, CRL_ID_MAP_TEXT - len, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
					m->line[i].inside, m->line[i].outside, m->line[i].count); /* fits */
	return len;
}

bool crl_subid_map_out(const struct crl_subid_map *m, uint32_t inside, uint32_t *ret)
{
	for (size_t i = 0; i < m->len; i++)
		if (inside >= m->line[i].inside && inside - m->line[i].inside < m->line[i].count) {
			*ret = m->line[i].outside + (inside - m->line[i].inside);
			return true;
		}
	return false;
}

bool crl_subid_map_in(const struct crl_subid_map *m, uint32_t outside, uint32_t *ret)
{
	for (size_t i = 0; i < m->len; i++)
		if (outside >= m->line[i].outside && outside - m->line[i].outside < m->line[i].count) {
			*ret = m->line[i].inside + (outside - m->line[i].outside);
			return true;
		}
	return false;
}
