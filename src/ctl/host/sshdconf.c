// SPDX-License-Identifier: Apache-2.0
/* See sshdconf.h. */
#include "ctl/host/sshdconf.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/scope.h"

#define DEPTH_MAX 16

struct search {
	const char *keyword;
	ctl_sshd_each_value *each;
	void *arg;
	struct ctl_sshd_value v;
	const char *outer; /* the Match around the file that is read */
	char dir[PATH_MAX];
	bool done;
};

#define NOBODY_KNOWS "Unknown criteria" /* such as a Match that is too long */

static int search_file(struct search *s, const char *path, int depth);

bool ctl_sshd_next_word(const char **p, char *word, size_t size)
{
	const char *start = *p + strspn(*p, " \t\r\f=");
	bool quoted = *start == '"';
	size_t len = strcspn(start + quoted, quoted ? "\"" : " \t\r\f=");

	if (!*start || *start == '#')
		return false;
	start += quoted;
	*p = start + len + (quoted && start[len] == '"');
	(void)snprintf(word, size, "%.*s", (int)len, start);
	return len > 0;
}

/* An included file is read under the Match that it is included in, and has its own besides. */
static void search_included(struct search *s, const char *arguments, int depth)
{
	char word[PATH_MAX], pattern[2 * PATH_MAX], outer[sizeof(s->v.match)];
	const char *before = s->outer;

	(void)snprintf(outer, sizeof(outer), "%s", s->v.match);
	while (ctl_sshd_next_word(&arguments, word, sizeof(word))) {
		glob_t found;

		(void)snprintf(pattern, sizeof(pattern), "%s%s%s", word[0] == '/' ? "" : s->dir,
			       word[0] == '/' ? "" : "/", word);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t i = 0; i < found.gl_pathc && !s->done; i++) {
			s->outer = outer;
			crl_ignore(search_file(s, found.gl_pathv[i], depth + 1) < 0);
			(void)strcpy(s->v.match, outer); /* a Match ends with its file */
		}
		globfree(&found);
	}
	s->outer = before;
}

static void begin_match(struct search *s, const char *criteria)
{
	int n = snprintf(s->v.match, sizeof(s->v.match), "%s%s%s", s->outer, s->outer[0] ? " " : "", criteria);

	if (n < 0 || (size_t)n >= sizeof(s->v.match))
		(void)snprintf(s->v.match, sizeof(s->v.match), NOBODY_KNOWS);
}

static void search_line(struct search *s, char *line, const char *path, int number, int depth)
{
	const char *p = line;
	char word[64];

	if (!ctl_sshd_next_word(&p, word, sizeof(word)))
		return;
	if (strcasecmp(word, "Match") == 0) {
		begin_match(s, p + strspn(p, " \t"));
	} else if (strcasecmp(word, "Include") == 0) {
		search_included(s, p, depth);
	} else if (strcasecmp(word, s->keyword) == 0 && ctl_sshd_next_word(&p, s->v.text, sizeof(s->v.text))) {
		(void)snprintf(s->v.rest, sizeof(s->v.rest), "%s", p + strspn(p, " \t"));
		(void)snprintf(s->v.file, sizeof(s->v.file), "%s", path);
		s->v.line = number;
		s->done = s->each(s->arg, &s->v);
	}
}

static int search_file(struct search *s, const char *path, int depth)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	scoped_free char *text = NULL;
	size_t len;
	int number = 1;
	int rc = fd < 0 ? -errno : depth > DEPTH_MAX ? -ELOOP : crl_file_read_all(fd, &text, &len);

	if (rc < 0)
		return rc;
	for (char *line = text; line && !s->done; number++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		search_line(s, line, path, number, depth);
		line = end ? end + 1 : NULL;
	}
	return 0;
}

int ctl_sshd_config_each(const char *path, const char *keyword, ctl_sshd_each_value *each, void *arg)
{
	struct search s = {.keyword = keyword, .each = each, .arg = arg, .outer = ""};
	const char *slash = strrchr(path, '/');

	(void)snprintf(s.dir, sizeof(s.dir), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	return search_file(&s, path, 0);
}

static bool take_for_everyone(void *arg, const struct ctl_sshd_value *v)
{
	if (v->match[0])
		return false;
	*(struct ctl_sshd_value *)arg = *v;
	return true;
}

int ctl_sshd_config_find(const char *path, const char *keyword, struct ctl_sshd_value *ret)
{
	*ret = (struct ctl_sshd_value){.line = 0};
	return ctl_sshd_config_each(path, keyword, take_for_everyone, ret);
}

struct who {
	const char *user;
	ctl_sshd_in_group *in_group;
	void *arg;
};

/* "a,!b*": one that is like the text, and none after "!" that is. */
static bool list_has(const struct who *w, char *list, bool group)
{
	bool found = false;
	char *rest = list;

	for (const char *item = strsep(&rest, ","); item; item = strsep(&rest, ",")) {
		bool not = item[0] == '!';

		if (!(group ? w->in_group(w->arg, item + not ) : fnmatch(item + not, w->user, FNM_NOESCAPE) == 0))
			continue;
		if (not )
			return false;
		found = true;
	}
	return found;
}

enum ctl_sshd_applies ctl_sshd_value_applies(const struct ctl_sshd_value *v, const char *user,
					     ctl_sshd_in_group *in_group, void *arg)
{
	const struct who w = {.user = user, .in_group = in_group, .arg = arg};
	enum ctl_sshd_applies answer = SSHD_YES;
	const char *match = v->match;
	char word[64], list[256];

	while (ctl_sshd_next_word(&match, word, sizeof(word))) {
		bool group = strcasecmp(word, "Group") == 0;

		if (strcasecmp(word, "all") == 0)
			continue;
		if (!ctl_sshd_next_word(&match, list, sizeof(list)))
			return SSHD_MAYBE;
		if (!group && strcasecmp(word, "User") != 0)
			answer = SSHD_MAYBE;
		else if (!list_has(&w, list, group))
			return SSHD_NO;
	}
	return answer;
}
