// SPDX-License-Identifier: Apache-2.0
/* See inside_text.h: the texts. */
#include "apply/mounts/inside_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/scope.h"

#define FIELDS 7
#define NESTED_FIRST 10000u /* ids of the inside that the user's own containers have */
#define NESTED_END 60000u
#define NESTED_IDS 65536u /* so many the inside has, from 0 */

/* One line of a text, with what it says of name and number. */
struct inside_line {
	const char *text;
	size_t len;
	size_t field[FIELDS]; /* where each begins */
	size_t fields;
	uint64_t id; /* of the third; UINT64_MAX = it has none */
};

static bool next_line(const char **text, struct inside_line *ret)
{
	char number[16];
	size_t len;

	if (!**text)
		return false;
	*ret = (struct inside_line){.text = *text, .len = strcspn(*text, "\n"), .fields = 1, .id = UINT64_MAX};
	for (size_t i = 0; i < ret->len; i++)
		if (ret->text[i] == ':' && ret->fields < FIELDS)
			ret->field[ret->fields++] = i + 1;
	len = ret->fields > 2 ? strcspn(ret->text + ret->field[2], ":\n") : sizeof(number);
	if (len < sizeof(number)) {
		memcpy(number, ret->text + ret->field[2], len);
		number[len] = '\0';
		if (crl_parse_uint(number, 0, UINT32_MAX, &ret->id) < 0)
			ret->id = UINT64_MAX;
	}
	*text += ret->len + ((*text)[ret->len] == '\n');
	return true;
}

static bool is_named(const struct inside_line *l, const char *name)
{
	size_t len = strlen(name);

	return l->len > len && strncmp(l->text, name, len) == 0 && l->text[len] == ':';
}

static bool is_field(const struct inside_line *l, size_t n, const char *value)
{
	size_t len = strlen(value);

	return n < l->fields && strncmp(l->text + l->field[n], value, len) == 0 &&
	       (l->text[l->field[n] + len] == ':' || l->field[n] + len == l->len);
}

static void put(const struct inside_line *l, FILE *out)
{
	(void)fprintf(out, "%.*s\n", (int)l->len, l->text);
}

/* Root's home is the user's, who begins there. */
static bool passwd_of_root(const struct crl_inside_user *u, const char *text, FILE *out)
{
	struct inside_line l;
	bool said = false, changed = false;

	while (next_line(&text, &l)) {
		bool root = is_named(&l, "root") && l.id == 0 && l.fields == FIELDS;

		if (root && !is_field(&l, 5, u->login->home)) {
			(void)fprintf(out, "%.*s%s:%.*s\n", (int)l.field[5], l.text, u->login->home,
				      (int)(l.len - l.field[6]), l.text + l.field[6]);
			changed = true;
		} else {
			put(&l, out);
		}
		said = said || root;
	}
	if (!said)
		(void)fprintf(out, "root:x:0:0:root:%s:%s\n", u->login->home, u->shell);
	return changed || !said;
}

bool crl_inside_passwd(const struct crl_inside_user *u, const char *text, FILE *out)
{
	const struct crl_login *login = u->login;
	struct inside_line l;
	bool user = false, root = false, dropped = false;

	if (u->is_root)
		return passwd_of_root(u, text, out);
	while (next_line(&text, &l)) {
		bool name = is_named(&l, login->user), id = l.id == login->uid;

		if (name != id) { /* another by that name, or another name for that number */
			dropped = true;
			continue;
		}
		user = user || name;
		root = root || is_named(&l, "root");
		put(&l, out);
	}
	if (!root)
		(void)fprintf(out, "root:x:0:0:root:/root:%s\n", u->shell);
	if (!user)
		(void)fprintf(out, "%s:x:%" PRIu32 ":%" PRIu32 "::%s:%s\n", login->user, login->uid, login->gid,
			      login->home, u->shell);
	return dropped || !user || !root;
}

void crl_inside_group_name(const char *text, uint32_t gid, char *ret, size_t size)
{
	struct inside_line l;

	ret[0] = '\0';
	while (next_line(&text, &l)) {
		size_t len = l.fields > 1 ? l.field[1] - 1 : 0;

		if (l.id != gid || len == 0 || len >= size)
			continue;
		memcpy(ret, l.text, len);
		ret[len] = '\0';
		return;
	}
}

bool crl_inside_group(const struct crl_inside_user *u, const char *text, FILE *out)
{
	const struct crl_login *login = u->login;
	const char *want = u->group[0] ? u->group : login->user;
	bool id = false, name = false, root = false;
	struct inside_line l;

	while (next_line(&text, &l)) {
		id = id || l.id == login->gid || u->is_root;
		name = name || is_named(&l, want);
		root = root || l.id == 0;
		put(&l, out);
	}
	if (!root)
		(void)fprintf(out, "root:x:0:\n");
	if (!id && name)
		(void)fprintf(out, "g%" PRIu32 ":x:%" PRIu32 ":\n", login->gid, login->gid);
	else if (!id)
		(void)fprintf(out, "%s:x:%" PRIu32 ":\n", want, login->gid);
	return !id || !root;
}

/* Without a password, which root of the inside may give them. */
bool crl_inside_shadow(const struct crl_inside_user *u, const char *text, FILE *out)
{
	const char *name = u->is_root ? "root" : u->login->user;
	const char *end = *text ? text + strlen(text) - 1 : NULL;
	struct inside_line l;

	for (const char *at = text; next_line(&at, &l);)
		if (is_named(&l, name))
			return false;
	(void)fprintf(out, "%s%s:*:19000:0:99999:7:::\n", end && *end != '\n' ? "\n" : "", name);
	return true;
}

/* "OWNER:FIRST:COUNT", which is decimal or, as newuidmap(1) reads it, anything else that is not kept here. */
static bool is_range_inside(const struct inside_line *l)
{
	char number[16];
	uint64_t first, count = l->id;
	size_t len = l->fields == 3 ? l->field[2] - 1 - l->field[1] : sizeof(number);

	if (len >= sizeof(number))
		return false;
	memcpy(number, l->text + l->field[1], len);
	number[len] = '\0';
	return crl_parse_uint(number, 1, NESTED_IDS, &first) == 0 && count > 0 && count <= NESTED_IDS - first;
}

/* What the host has, or useradd(8) has added, is of ids that the inside does not have. */
bool crl_inside_subids(const struct crl_inside_user *u, const char *text, FILE *out)
{
	const struct crl_login *login = u->login;
	uint32_t own = login->uid > NESTED_FIRST && login->uid < NESTED_END ? login->uid : NESTED_END;
	bool said = false, dropped = false;
	struct inside_line l;

	while (next_line(&text, &l)) {
		if (!is_range_inside(&l)) {
			dropped = true;
			continue;
		}
		said = said || is_named(&l, login->user);
		put(&l, out);
	}
	if (said)
		return dropped;
	(void)fprintf(out, "%s:%u:%" PRIu32 "\n", login->user, NESTED_FIRST, own - NESTED_FIRST);
	if (own + 1 < NESTED_END)
		(void)fprintf(out, "%s:%" PRIu32 ":%" PRIu32 "\n", login->user, own + 1, NESTED_END - own - 1);
	return true;
}
