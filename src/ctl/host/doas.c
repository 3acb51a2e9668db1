// SPDX-License-Identifier: Apache-2.0
/* doas.conf(5), as far as it says who may become root; see sudoers.h. */
#include "ctl/host/doas.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/scope.h"
#include "ctl/host/sudoers.h"

#define BLANKS " \t"

/* The next word, or "{ … }" as one; false at the end or before a comment. */
static bool next_word(const char **p, char *word, size_t size)
{
	const char *at = *p + strspn(*p, BLANKS);
	size_t len = *at == '{' ? strcspn(at, "}") + 1 : *at == '"' ? strcspn(at + 1, "\"") + 2 : strcspn(at, BLANKS);

	len = strnlen(at, len);
	if (len == 0 || *at == '#')
		return false;
	(void)snprintf(word, size, "%.*s", (int)(*at == '"' && len > 1 ? len - 2 : len), at + (*at == '"'));
	*p = at + len;
	return true;
}

/* "permit [options] WHO [as USER] [cmd …]"; what is denied somewhere else counts as permitted. */
static void read_line(const char *line, const char *path, int number, struct ctl_sudo_subjects *to)
{
	static const char *const options[] = {"nopass", "nolog", "persist", "keepenv", "setenv"};
	struct ctl_sudo_subject s = {.kind = SUDO_USER, .whole = true, .line = number}, *more;
	char word[256] = "";
	bool option = true;

	if (!next_word(&line, word, sizeof(word)) || strcmp(word, "permit") != 0)
		return;
	while (option && next_word(&line, word, sizeof(word))) {
		option = word[0] == '{';
		for (size_t i = 0; i < CRL_ARRAY_LEN(options); i++)
			option |= strcmp(word, options[i]) == 0;
	}
	if (option)
		return;
	s.kind = word[0] == ':' ? SUDO_GROUP : SUDO_USER;
	(void)snprintf(s.name, sizeof(s.name), "%s", word + (word[0] == ':'));
	(void)snprintf(s.file, sizeof(s.file), "%s", path);
	while (next_word(&line, word, sizeof(word)))
		if (strcmp(word, "as") == 0 && next_word(&line, word, sizeof(word)))
			s.whole &= strcmp(word, "root") == 0;
		else
			s.whole = false; /* cmd and args */
	more = reallocarray(to->item, to->len + 1, sizeof(*more));
	if (!more)
		return;
	to->item = more;
	to->item[to->len++] = s;
}

int ctl_doas_read(const char *path, struct ctl_sudo_subjects *to)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	scoped_free char *text = NULL;
	size_t len;
	int rc = fd < 0 ? -errno : crl_file_read_all(fd, &text, &len);
	int number = 1;

	for (char *p = rc < 0 ? NULL : text; p && *p; number++) {
		char *end = strchr(p, '\n');

		if (end)
			*end = '\0';
		read_line(p, path, number, to);
		p = end ? end + 1 : NULL;
	}
	return rc;
}
