// SPDX-License-Identifier: Apache-2.0
/*
 * See stage.h.
 *
 * Runs in: helper, carrel-shell. Pure. Trusts: nothing in a text.
 * R1: a text is taken whole or not at all; what is not said in it is not guessed.
 * R2: namespace, root, filters and launcher are beneath CRL_LAST_DIR, where nothing is the user's.
 * R3: a value has one way to be written.
 */
#include "wire/stage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/path.h"
#include "base/text.h"

#define HEAD "carrel-stage 1"
#define PROFILE "profile"
#define MOST_ID (UINT32_MAX - 1) /* the one above means "none" to the kernel */
#define VALUE_MAX CRL_VISIBLE_MAX(CRL_LAST_PATH_MAX)

enum last_key {
	KEY_USER,
	KEY_NS,
	KEY_ROOT,
	KEY_NESTED,
	KEY_UID,
	KEY_GID,
	KEY_FILTER,
	KEY_SHELL,
	KEY_NO_NEW_PRIVS,
	KEY_CAPS,
	KEY_APART,
	KEY_COUNT
};

static const char *const key_names[KEY_COUNT] = {
	[KEY_USER] = "user",     [KEY_NS] = "ns",       [KEY_ROOT] = "root",
	[KEY_NESTED] = "nested", [KEY_UID] = "uid",     [KEY_GID] = "gid",
	[KEY_FILTER] = "filter", [KEY_SHELL] = "shell", [KEY_NO_NEW_PRIVS] = "no_new_privs",
	[KEY_CAPS] = "caps",     [KEY_APART] = "apart",
};

static const char *const user_names[CRL_LAST_USER_COUNT] = {
	[CRL_LAST_USER_NONE] = "none",
	[CRL_LAST_USER_OWN] = "own",
	[CRL_LAST_USER_ROOT] = "root",
};

/* Where the value of a key that is a path is, or NULL. */
static char *path_of(struct crl_last *last, enum last_key key)
{
	switch (key) {
	case KEY_NS:
		return last->ns;
	case KEY_ROOT:
		return last->root;
	case KEY_FILTER:
		return last->filter;
	case KEY_SHELL:
		return last->shell;
	case KEY_CAPS:
		return last->caps;
	case KEY_USER:
	case KEY_NESTED:
	case KEY_UID:
	case KEY_GID:
	case KEY_NO_NEW_PRIVS:
	case KEY_APART:
	case KEY_COUNT:
		break;
	}
	return NULL;
}

/* @room  is it to be one of the room's own? */
static const char *path_fault(bool room, const char *path)
{
	if (crl_path_fault(path))
		return "a path is none";
	if (room && (!crl_path_is_within(path, CRL_LAST_DIR) || strcmp(path, CRL_LAST_DIR) == 0)) /* R2 */
		return "a path leads out of " CRL_LAST_DIR;
	return NULL;
}

/* Does the whole hang together? Bit N of @has is key N. Returns what is wrong, or NULL. */
static const char *whole_fault(const struct crl_last *last, unsigned has)
{
	const unsigned always = 1u << KEY_USER | 1u << KEY_NO_NEW_PRIVS;
	const unsigned joins = 1u << KEY_NS | 1u << KEY_UID | 1u << KEY_GID;

	if ((has & always) != always)
		return "a line is missing";
	if (last->user == CRL_LAST_USER_NONE)
		return has & (joins | 1u << KEY_ROOT | 1u << KEY_NESTED)
			       ? "a namespace is not to be joined, but described"
			       : NULL;
	if (has & 1u << KEY_CAPS)
		return "capabilities of the host's in a namespace";
	if (last->nested != !!(has & 1u << KEY_NESTED) || (last->nested && !(has & 1u << KEY_ROOT)))
		return "nested is not yes, or without a root";
	if ((has & joins) != joins)
		return "a namespace is to be joined, and a line about it is missing";
	if (last->user == CRL_LAST_USER_OWN ? last->uid == 0 : last->uid != 0)
		return "the uid is not that of its kind of namespace";
	return NULL;
}

static unsigned keys_of(struct crl_last *last)
{
	unsigned has = 1u << KEY_USER | 1u << KEY_NO_NEW_PRIVS | (last->nested ? 1u << KEY_NESTED : 0) |
		       (last->apart != CRL_LAST_APART_NO ? 1u << KEY_APART : 0);

	for (enum last_key k = 0; k < KEY_COUNT; k++) {
		const char *path = path_of(last, k);

		if (path ? path[0] != '\0' : (k == KEY_UID || k == KEY_GID) && last->user != CRL_LAST_USER_NONE)
			has |= 1u << k;
	}
	return has;
}

/* --- written --------------------------------------------------------------------------------------------------- */

static const char *print_value(struct crl_last *last, enum last_key key, char buf[VALUE_MAX])
{
	const char *path = path_of(last, key);

	switch (key) {
	case KEY_USER:
		return user_names[last->user];
	case KEY_NESTED:
	case KEY_NO_NEW_PRIVS:
		return (key == KEY_NESTED ? last->nested : last->no_new_privs) ? "yes" : "no";
	case KEY_APART:
		return last->apart == CRL_LAST_APART_PREFER ? "prefer" : "yes";
	case KEY_UID:
	case KEY_GID:
		(void)snprintf(buf, VALUE_MAX, "%" PRIu32, key == KEY_UID ? last->uid : last->gid);
		return buf;
	case KEY_NS:
	case KEY_ROOT:
	case KEY_FILTER:
	case KEY_SHELL:
	case KEY_CAPS:
	case KEY_COUNT:
		break;
	}
	return crl_visible_field(buf, VALUE_MAX, path);
}

/* @n  bytes that are there. Returns as snprintf(), with them. */
static int print_profile(const struct crl_last_profile *p, char *buf, int n)
{
	char program[VALUE_MAX], filter[VALUE_MAX];

	return n + snprintf(buf + n, (size_t)(CRL_LAST_TEXT_MAX + 1 - n), PROFILE " %s %s\n",
			    crl_visible_field(program, sizeof(program), p->program),
			    crl_visible_field(filter, sizeof(filter), p->filter));
}

int crl_last_print(const struct crl_last *given, char buf[CRL_LAST_TEXT_MAX + 1])
{
	struct crl_last last = *given;
	char value[VALUE_MAX];
	unsigned has;
	int n;

	if ((unsigned)last.user >= CRL_LAST_USER_COUNT || last.profiles > CRL_LAST_PROFILES_MAX)
		return -EINVAL;
	has = keys_of(&last);
	n = snprintf(buf, CRL_LAST_TEXT_MAX + 1, HEAD "\n");
	for (enum last_key k = 0; k < KEY_COUNT; k++) {
		if (!(has & 1u << k))
			continue;
		n += snprintf(buf + n, (size_t)(CRL_LAST_TEXT_MAX + 1 - n), "%s %s\n", key_names[k],
			      print_value(&last, k, value));
		if (n > CRL_LAST_TEXT_MAX)
			return -E2BIG;
	}
	for (size_t i = 0; i < last.profiles; i++) {
		n = print_profile(&last.profile[i], buf, n);
		if (n > CRL_LAST_TEXT_MAX)
			return -E2BIG;
	}
	return crl_last_parse(buf, (size_t)n, &last, NULL) < 0 ? -EINVAL : n;
}

/* --- read ------------------------------------------------------------------------------------------------------ */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undo crl_visible_field(). Returns false for what it would not have written. */
static bool decode(const char *value, char *buf, size_t size)
{
	char again[VALUE_MAX];
	size_t n = 0;

	for (const char *p = value; *p; n++) {
		int high = strncmp(p, "\\x", 2) == 0 ? hex(p[2]) : -1;
		int low = high >= 0 ? hex(p[3]) : -1;

		if (n + 1 >= size)
			return false;
		buf[n] = low >= 0 ? (char)(high * 16 + low) : *p;
		p += low >= 0 ? 4 : 1;
	}
	buf[n] = '\0';
	return strcmp(crl_visible_field(again, sizeof(again), buf), value) == 0; /* R3 */
}

static const char *take_user(const char *value, enum crl_last_user *ret)
{
	for (enum crl_last_user u = 0; u < CRL_LAST_USER_COUNT; u++)
		if (strcmp(value, user_names[u]) == 0) {
			*ret = u;
			return NULL;
		}
	return "no such user namespace";
}

static const char *take_bool(const char *value, bool *ret)
{
	*ret = strcmp(value, "yes") == 0;
	return *ret || strcmp(value, "no") == 0 ? NULL : "neither yes nor no";
}

static const char *take_apart(const char *value, enum crl_last_apart *ret)
{
	*ret = strcmp(value, "prefer") == 0 ? CRL_LAST_APART_PREFER : CRL_LAST_APART_YES;
	return *ret == CRL_LAST_APART_PREFER || strcmp(value, "yes") == 0 ? NULL : "apart is neither yes nor prefer";
}

static const char *take_id(const char *value, uint32_t *ret)
{
	uint64_t id;

	if (crl_parse_uint(value, 0, MOST_ID, &id) < 0)
		return "an id is no number";
	*ret = (uint32_t)id;
	return NULL;
}

static const char *take_value(enum last_key key, const char *value, struct crl_last *last)
{
	char *path = path_of(last, key);

	if (path)
		return decode(value, path, CRL_LAST_PATH_MAX) ? path_fault(key != KEY_SHELL, path)
							      : "a path is not as it is written";
	if (key == KEY_USER)
		return take_user(value, &last->user);
	if (key == KEY_APART)
		return take_apart(value, &last->apart);
	if (key == KEY_NESTED || key == KEY_NO_NEW_PRIVS)
		return take_bool(value, key == KEY_NESTED ? &last->nested : &last->no_new_privs);
	return take_id(value, key == KEY_UID ? &last->uid : &last->gid);
}

/* @value  "PROGRAM FILTER", taken apart */
static const char *take_profile(char *value, struct crl_last *last)
{
	struct crl_last_profile *p = &last->profile[last->profiles];
	char *filter = strchr(value, ' ');
	const char *fault;

	if (last->profiles == CRL_LAST_PROFILES_MAX)
		return "too many profiles";
	if (!filter)
		return "a profile without a filter";
	*filter++ = '\0';
	if (!decode(value, p->program, sizeof(p->program)) || !decode(filter, p->filter, sizeof(p->filter)))
		return "a path is not as it is written";
	fault = path_fault(false, p->program);
	for (size_t i = 0; !fault && i < last->profiles; i++)
		fault = strcmp(last->profile[i].program, p->program) == 0 ? "a program twice" : NULL;
	last->profiles++;
	return fault ? fault : path_fault(true, p->filter);
}

static const char *take_line(char *line, struct crl_last *last, unsigned *has)
{
	char *value = strchr(line, ' ');

	if (!value)
		return "a line without a value";
	*value++ = '\0';
	if (strcmp(line, PROFILE) == 0)
		return take_profile(value, last);
	if (last->profiles)
		return "a line behind the profiles";
	for (enum last_key k = 0; k < KEY_COUNT; k++)
		if (strcmp(line, key_names[k]) == 0) {
			if (*has & 1u << k)
				return "a line twice";
			*has |= 1u << k;
			return take_value(k, value, last);
		}
	return "an unknown line";
}

/* @text  is taken apart */
static const char *take_text(char *text, struct crl_last *last)
{
	unsigned has = 0;
	const char *fault = NULL;
	char *line = strsep(&text, "\n");

	if (strcmp(line, HEAD) != 0)
		return "it does not begin with \"" HEAD "\"";
	while (!fault && text && *text)
		fault = take_line(strsep(&text, "\n"), last, &has);
	return fault ? fault : whole_fault(last, has);
}

int crl_last_parse(const char *text, size_t len, struct crl_last *ret, const char **ret_fault)
{
	scoped_free char *copy = NULL; /* what a stack has to grow by is a page of memory for each 4 KiB */
	struct crl_last last = {0};
	const char *fault = NULL;

	if (len == 0 || len > CRL_LAST_TEXT_MAX || text[len - 1] != '\n' || memchr(text, '\0', len))
		fault = "it is empty, too long or no text"; /* R1 */
	if (!fault) {
		copy = strndup(text, len);
		fault = copy ? take_text(copy, &last) : "no memory to read it";
	}
	if (ret_fault)
		*ret_fault = fault;
	if (fault)
		return -EBADMSG;
	*ret = last;
	return 0;
}
