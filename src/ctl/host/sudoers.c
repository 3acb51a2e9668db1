// SPDX-License-Identifier: Apache-2.0
/* See sudoers.h. */
#include "ctl/host/sudoers.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"
#include "base/scope.h"

#define DEPTH_MAX 16
#define SUBJECTS_MAX 20000
#define BLANKS " \t"

/* One rule or alias, joined from its lines, without comment. */
struct entry {
	char *text;
	char file[256];
	int line;
};

struct sudoers {
	struct entry *item;
	size_t len;
	struct ctl_sudo_subjects *to;
	bool failed; /* no memory */
};

static struct ctl_sudo_subject *add_subject(struct ctl_sudo_subjects *to, const char *file, int line)
{
	struct ctl_sudo_subject *more =
		to->len < SUBJECTS_MAX ? reallocarray(to->item, to->len + 1, sizeof(*more)) : NULL;
	struct ctl_sudo_subject *s;

	if (!more)
		return NULL;
	to->item = more;
	s = &more[to->len++];
	*s = (struct ctl_sudo_subject){.kind = SUDO_STRANGE, .line = line};
	(void)snprintf(s->file, sizeof(s->file), "%s", file);
	return s;
}

static void add_strange(struct ctl_sudo_subjects *to, const char *file, int line, const char *text)
{
	struct ctl_sudo_subject *s = add_subject(to, file, line);

	if (s)
		(void)snprintf(s->name, sizeof(s->name), "%.*s", (int)strcspn(text, "\n"), text);
}

/* R1, R2. "name", "%group", "#uid", "%#gid", "ALL"; without quotes. */
static void set_subject(struct ctl_sudo_subject *s, const char *text)
{
	bool group = text[0] == '%', number = text[group] == '#';
	const char *name = text + group + number;
	uint64_t id = 0;

	(void)snprintf(s->name, sizeof(s->name), "%s", text);
	if (text[0] == '+' || text[0] == '!' || (group && text[1] == ':') || !name[0] ||
	    strlen(text) >= sizeof(s->name))
		return;
	if (number && crl_parse_uint(name, 0, UINT32_MAX - 1, &id) < 0)
		return;
	s->id = (uint32_t)id;
	s->kind = number ? (group ? SUDO_GID : SUDO_UID) : group ? SUDO_GROUP : SUDO_USER;
	if (strcmp(text, "ALL") == 0)
		s->kind = SUDO_ANYBODY;
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
}

/* Where a comment begins: "#" not before a number, not escaped, not in quotes. */
static size_t code_length(const char *text, size_t len)
{
	bool quoted = false;

	for (size_t i = 0; i < len; i++)
		if (text[i] == '\\' && i + 1 < len)
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == '#' && !quoted && !isdigit((unsigned char)text[i + 1]))
			return i;
	return len;
}

/* The next item of a list, unquoted. @p stands behind it and its comma afterwards; false at the list's end. */
static bool next_item(const char **p, char *item, size_t size)
{
	const char *at = *p + strspn(*p, BLANKS ",");
	bool quoted = false;
	size_t len = 0;

	for (; *at && (quoted || !strchr(BLANKS ",=", *at)); at++) {
		if (*at == '"') {
			quoted = !quoted;
			continue;
		}
		if (*at == '\\' && at[1])
			at++;
		if (len + 1 < size)
			item[len++] = *at;
	}
	item[len] = '\0';
	*p = at;
	return len > 0;
}

/* Does the list go on behind @p? */
static bool goes_on(const char *p)
{
	return p[strspn(p, BLANKS)] == ',';
}

static bool runs_as_root(const char *list, size_t len)
{
	char text[512], item[256];
	const char *p = text;

	(void)snprintf(text, sizeof(text), "%.*s", (int)len, list);
	text[strcspn(text, ":")] = '\0';
	if (!text[strspn(text, BLANKS)])
		return len == 0; /* "(:group)": as oneself */
	while (next_item(&p, item, sizeof(item)))
		if (strcmp(item, "ALL") == 0 || strcmp(item, "root") == 0 || strcmp(item, "#0") == 0)
			return true;
	return false;
}

/* Behind a command a colon begins the next group of hosts. */
static bool is_tag(const char *word, const char **p)
{
	const char *colon = *p + strspn(*p, BLANKS);

	if (*colon != ':' || strcmp(word, "ALL") == 0 || word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")])
		return false;
	*p = colon + 1;
	return true;
}

/* R1. "HOSTS = (RUNAS) TAG: CMND, CMND": everything as root? Only the first of several groups of hosts is looked at. */
static bool is_whole(const char *spec)
{
	const char *p = strchr(spec, '=');
	char item[256];

	if (!p)
		return false;
	p++;
	p += strspn(p, BLANKS);
	if (*p == '(') {
		size_t len = strcspn(p, ")");

		if (!p[len] || !runs_as_root(p + 1, len - 1))
			return false;
		p += len + 1;
	}
	for (bool more = true; more && next_item(&p, item, sizeof(item)); more = goes_on(p)) {
		const char *name = strrchr(item, ':'), *command;

		/* Tags may stand apart from the command, and from their colon: NOPASSWD : ALL */
		while ((name ? !name[1] : is_tag(item, &p)) && next_item(&p, item, sizeof(item)))
			name = strrchr(item, ':');
		command = name ? name + 1 : item;
		if (strcmp(command, "ALL") == 0 && strchr(",", p[strspn(p, BLANKS)]))
			return true;
	}
	return false;
}

/* "NAME = LIST", of "User_Alias NAME = LIST : NAME = LIST". Returns the list, or NULL. */
static const char *find_alias(const struct sudoers *s, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < s->len; i++) {
		const char *p = s->item[i].text;

		if (strncmp(p, "User_Alias", 10) != 0 || !strchr(BLANKS, p[10]))
			continue;
		for (p += 10; p; p = strchr(p, ':')) {
			p += strspn(p, BLANKS ":");
			if (strncmp(p, name, len) == 0 && strchr(BLANKS "=", p[len]))
				return strchr(p, '=') ? strchr(p, '=') + 1 : NULL;
		}
	}
	return NULL;
}

/* Returns what stands behind the list. */
static const char *add_list(struct sudoers *s, const struct entry *e, const char *list, bool whole, int depth)
{
	char item[256];
	bool more = true;

	while (more && !s->failed && next_item(&list, item, sizeof(item))) {
		const char *alias =
			isupper((unsigned char)item[0]) && strcmp(item, "ALL") != 0 ? find_alias(s, item) : NULL;
		struct ctl_sudo_subject *to;

		more = goes_on(list);
		if (alias && depth < DEPTH_MAX) {
			(void)add_list(s, e, alias, whole, depth + 1);
			continue;
		}
		to = add_subject(s->to, e->file, e->line);
		if (!to) {
			s->failed = true;
			return list;
		}
		set_subject(to, item);
		to->whole = whole;
	}
	return list;
}

static void add_spec(struct sudoers *s, const struct entry *e)
{
	static const char *const others[] = {"Defaults",    "User_Alias", "Host_Alias",
					     "Runas_Alias", "Cmnd_Alias", "Cmd_Alias"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(others); i++)
		if (strncmp(e->text, others[i], strlen(others[i])) == 0)
			return;
	if (!strchr(e->text, '='))
		add_strange(s->to, e->file, e->line, e->text);
	else
		(void)add_list(s, e, e->text, is_whole(e->text), 0);
}

static int read_path(struct sudoers *s, const char *path, int depth);

/* As sudo does it: in the order of the names, without those that have a dot or end in "~". */
static void read_directory(struct sudoers *s, const char *path, int depth)
{
	struct dirent **name = NULL;
	int n = scandir(path, &name, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *file = name[i]->d_name;
		char whole[PATH_MAX + NAME_MAX + 2];

		(void)snprintf(whole, sizeof(whole), "%s/%s", path, file);
		if (!strchr(file, '.') && file[strlen(file) - 1] != '~' && read_path(s, whole, depth + 1) < 0)
			add_strange(s->to, whole, 0, "cannot be read");
		free(name[i]);
	}
	free(name);
}

/* Returns whether the line is an include, and follows it. */
static bool include(struct sudoers *s, const struct entry *e, int depth)
{
	const char *p = e->text, *slash = strrchr(e->file, '/');
	char word[PATH_MAX - 512], path[PATH_MAX], host[256] = "";
	bool directory;
	size_t len = 0;

	if ((*p != '@' && *p != '#') || strncmp(p + 1, "include", 7) != 0)
		return false;
	directory = strncmp(p + 1, "includedir", 10) == 0;
	p += directory ? 11 : 8;
	if (!strchr(BLANKS, *p) || !next_item(&p, word, sizeof(word)))
		return false;
	crl_ignore(gethostname(host, sizeof(host) - 1) < 0);
	host[strcspn(host, ".")] = '\0';
	if (word[0] != '/')
		len = (size_t)snprintf(path, sizeof(path), "%.*s/", slash ? (int)(slash - e->file) : 1,
				       slash ? e->file : ".");
	for (const char *c = word; *c && len + sizeof(host) < sizeof(path); c++) {
		if (c[0] == '%' && c[1] == 'h') {
			len += (size_t)snprintf(path + len, sizeof(path) - len, "%s", host);
			c++;
		} else {
			path[len++] = *c;
		}
	}
	path[len] = '\0';
	if (directory)
		read_directory(s, path, depth);
	else if (read_path(s, path, depth + 1) < 0)
		add_strange(s->to, path, 0, "cannot be read");
	return true;
}

static void add_entry(struct sudoers *s, const char *text, const char *file, int line, int depth)
{
	struct entry e = {.line = line}, *more;
	const char *start = text + strspn(text, BLANKS);

	(void)snprintf(e.file, sizeof(e.file), "%s", file);
	e.text = strdup(start);
	if (e.text && include(s, &e, depth)) {
		free(e.text);
		return;
	}
	if (e.text)
		e.text[code_length(e.text, strlen(e.text))] = '\0';
	more = e.text ? reallocarray(s->item, s->len + 1, sizeof(*more)) : NULL;
	if (!more) {
		free(e.text);
		s->failed = true;
		return;
	}
	s->item = more;
	s->item[s->len] = e;
	if (e.text[strspn(e.text, BLANKS)])
		s->len++;
	else
		free(e.text);
}

/*
 * A line that ends in "\" goes on, with blanks and a carriage return behind that, too; a comment does not.
 * @end  the line's; it is a blank afterwards if it goes on
 */
static bool join_next(char *start, char *end)
{
	char *last = end;

	while (last > start && strchr(BLANKS "\r", last[-1]))
		last--;
	if (last == start || *--last != '\\' || code_length(start, (size_t)(last - start)) < (size_t)(last - start)) {
		if (end > start && end[-1] == '\r')
			end[-1] = ' ';
		return false;
	}
	memset(last, ' ', (size_t)(end + 1 - last));
	return true;
}

static int read_path(struct sudoers *s, const char *path, int depth)
{
	scoped_fd fd = depth > DEPTH_MAX ? -ELOOP : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	scoped_free char *text = NULL;
	size_t len;
	int rc = depth > DEPTH_MAX ? -ELOOP : fd < 0 ? -errno : crl_file_read_all(fd, &text, &len);
	int number = 1;

	if (rc < 0)
		return rc;
	for (char *p = text; p && *p;) {
		char *end = strchr(p, '\n'), *start = p;
		int first = number++;

		for (; end && join_next(start, end); number++)
			end = strchr(end, '\n');
		if (end)
			*end = '\0';
		add_entry(s, start, path, first, depth);
		p = end ? end + 1 : NULL;
	}
	return 0;
}

/* "!NAME", "NAME", "NAME=VALUE", "NAME+=VALUE". False at the end, or where it is none of these. */
static bool next_word(const char **p, struct ctl_sudo_default *word)
{
	const char *at = *p + strspn(*p, BLANKS ",");
	size_t len;

	word->off = false;
	word->value[0] = '\0';
	for (; *at == '!'; at += 1 + strspn(at + 1, BLANKS))
		word->off = !word->off;
	for (len = 0; isalnum((unsigned char)at[len]) || at[len] == '_'; len++)
		;
	if (len == 0 || len >= sizeof(word->name))
		return false;
	(void)snprintf(word->name, sizeof(word->name), "%.*s", (int)len, at);
	*p = at + len;
	at += len + strspn(at + len, BLANKS);
	at += (*at == '+' || *at == '-') && at[1] == '=';
	if (*at != '=')
		return true;
	at++;
	crl_ignore(next_item(&at, word->value, sizeof(word->value)));
	*p = at;
	return true;
}

/* The sign stands at the word: "Defaults:ana, bob !pam_session". */
static void tell_defaults(const struct entry *e, ctl_sudo_each_default *each, void *arg)
{
	const char *p = e->text + 8;
	struct ctl_sudo_default word = {.file = e->file, .line = e->line};
	char item[256];

	if (strncmp(e->text, "Defaults", 8) != 0 || !*p || !strchr(BLANKS "@:>!", *p))
		return;
	word.some = !strchr(BLANKS, *p);
	for (bool more = word.some; more; more = goes_on(p)) {
		p += p == e->text + 8; /* the sign */
		if (!next_item(&p, item, sizeof(item)))
			return;
	}
	while (next_word(&p, &word))
		each(arg, &word);
}

static void sudoers_done(struct sudoers *s)
{
	for (size_t i = 0; i < s->len; i++)
		free(s->item[i].text);
	free(s->item);
}

int ctl_sudoers_defaults(const char *path, ctl_sudo_each_default *each, void *arg)
{
	struct ctl_sudo_subjects unread = {.len = 0};
	struct sudoers s = {.to = &unread};
	int rc = read_path(&s, path, 0);

	for (size_t i = 0; rc == 0 && i < s.len; i++)
		tell_defaults(&s.item[i], each, arg);
	sudoers_done(&s);
	ctl_sudo_subjects_done(&unread);
	return rc < 0 ? rc : s.failed ? -ENOMEM : 0;
}

int ctl_sudoers_read(const char *path, struct ctl_sudo_subjects *to)
{
	struct sudoers s = {.to = to};
	int rc = read_path(&s, path, 0);

	for (size_t i = 0; rc == 0 && i < s.len; i++)
		add_spec(&s, &s.item[i]);
	sudoers_done(&s);
	return rc < 0 ? rc : s.failed ? -ENOMEM : 0;
}

void ctl_sudo_subjects_done(struct ctl_sudo_subjects *s)
{
	free(s->item);
	*s = (struct ctl_sudo_subjects){.len = 0};
}
