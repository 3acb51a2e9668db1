// SPDX-License-Identifier: Apache-2.0
/* See lines.h. Source: limits.conf(5), namespace.conf(5), systemd.syntax(7). */
#include "ctl/host/lines.h"

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"

#define BLANKS " \t\r\n"

/* Cut off the comment and the blanks around. Returns where the rest begins. */
static const char *trim(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	text[*text == ';' ? 0 : strcspn(text, "#")] = '\0';
	for (len = strlen(text); len > 0 && strchr(BLANKS, text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

static void tell(char *text, struct ctl_line *line, ctl_each_line *each, void *arg)
{
	scoped_free char *cut = NULL;
	char *rest = NULL;

	line->text = trim(text);
	line->words = 0;
	cut = strdup(line->text);
	for (char *word = cut ? strtok_r(cut, BLANKS, &rest) : NULL; word && line->words < LINE_WORDS;
	     word = strtok_r(NULL, BLANKS, &rest))
		line->word[line->words++] = word;
	if (line->words > 0)
		each(arg, line);
}

void ctl_lines_of_file(const char *path, ctl_each_line *each, void *arg)
{
	struct ctl_line line = {.path = path};
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	scoped_file *f = NULL;
	scoped_free char *text = NULL;
	size_t size = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	f = fdopen(fd, "r");
	if (f)
		(void)take_fd(&fd);
	for (line.number = 1; f && getline(&text, &size, f) > 0; line.number++)
		tell(text, &line, each, arg);
}

void ctl_lines_of_dir(const char *dir, ctl_each_line *each, void *arg)
{
	glob_t found = {0};
	char pattern[PATH_MAX];

	(void)snprintf(pattern, sizeof(pattern), "%s/*.conf", dir);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			ctl_lines_of_file(found.gl_pathv[i], each, arg);
	globfree(&found);
}
