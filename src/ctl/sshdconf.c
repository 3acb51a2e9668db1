// SPDX-License-Identifier: Apache-2.0
/* See sshdconf.h. */
#include "ctl/sshdconf.h"

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"

#define DEPTH_MAX 16

struct search {
	const char *keyword;
	struct sshd_value *ret;
	char dir[PATH_MAX];
	bool matched; /* a Match has been met: what follows is not for everyone */
};

static int search_file(struct search *s, const char *path, int depth);

/* A word, with or without quotes. False when there is none, or a comment. */
static bool next_word(const char **p, char *word, size_t size)
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

static void search_included(struct search *s, const char *arguments, int depth)
{
	char word[PATH_MAX], pattern[2 * PATH_MAX];
	bool matched = s->matched;

	while (next_word(&arguments, word, sizeof(word))) {
		glob_t found;

		(void)snprintf(pattern, sizeof(pattern), "%s%s%s", word[0] == '/' ? "" : s->dir, word[0] == '/' ? "" : "/", word);
		if (glob(pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t i = 0; i < found.gl_pathc && !s->ret->text[0]; i++) {
			crl_ignore(search_file(s, found.gl_pathv[i], depth + 1) < 0);
			s->matched = matched; /* a Match ends with its file */
		}
		globfree(&found);
	}
}

static void search_line(struct search *s, char *line, const char *path, int number, int depth)
{
	const char *p = line;
	char word[64];

	if (!next_word(&p, word, sizeof(word)))
		return;
	if (strcasecmp(word, "Match") == 0)
		s->matched = true;
	else if (strcasecmp(word, "Include") == 0)
		search_included(s, p, depth);
	else if (!s->matched && strcasecmp(word, s->keyword) == 0 && next_word(&p, s->ret->text, sizeof(s->ret->text))) {
		(void)snprintf(s->ret->file, sizeof(s->ret->file), "%s", path);
		s->ret->line = number;
	}
}

static int search_file(struct search *s, const char *path, int depth)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	scoped_free char *text = NULL;
	size_t len;
	int number = 1;
	int r = fd < 0 ? -errno : depth > DEPTH_MAX ? -ELOOP : crl_file_read_all(fd, &text, &len);

	if (r < 0)
		return r;
	for (char *line = text; line && !s->ret->text[0]; number++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		search_line(s, line, path, number, depth);
		line = end ? end + 1 : NULL;
	}
	return 0;
}

int sshd_config_find(const char *path, const char *keyword, struct sshd_value *ret)
{
	struct search s = {.keyword = keyword, .ret = ret};
	const char *slash = strrchr(path, '/');

	*ret = (struct sshd_value){.line = 0};
	(void)snprintf(s.dir, sizeof(s.dir), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	return search_file(&s, path, 0);
}
