// SPDX-License-Identifier: Apache-2.0
/* Paths that an operator names; see paths.h. */
#include "ctl/home/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "ctl/home/kept.h"
#include "ctl/print/out.h"

/* Behind the home, when it begins with that. */
static const char *behind(const char *home, const char *word)
{
	if (word[0] == '/' && home[0] && crl_path_is_within(word, home))
		word += strlen(home);
	while (word[0] == '/' || (word[0] == '.' && (word[1] == '/' || word[1] == '\0')))
		word++;
	return word;
}

/* Into @to, with one slash between its components. Returns its length; 0: it is no path beneath. */
static size_t take(const char *from, char *to)
{
	size_t n = 0;

	while (*from) {
		size_t len = strcspn(from, "/");

		if (len == 2 && strncmp(from, "..", 2) == 0)
			return 0;
		if (len > 0 && !(len == 1 && from[0] == '.')) {
			if (n > 0)
				to[n++] = '/';
			memcpy(to + n, from, len);
			n += len;
		}
		from += len + (from[len] == '/');
	}
	to[n] = '\0';
	return n;
}

enum ctl_exit ctl_paths_read(const struct ctl *c, const struct ctl_kept *k, char **argv, struct ctl_paths *ret)
{
	const char *home = k->base[0] ? "" : k->login.home;
	size_t size = 1, used = 0;

	for (char **word = argv; *word; word++)
		size += strlen(*word) + 1;
	ret->text = malloc(size);
	if (!ret->text)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	for (size_t i = 0; argv[i] && i < CTL_PATHS_MAX; i++) {
		const char *word = behind(home, argv[i]);
		size_t len = argv[i][0] == '/' && word == argv[i] + 1 && home[0] ? 0 : take(word, ret->text + used);

		if (len == 0)
			return ctl_complain(c, CTL_USAGE, "\"%s\" is no path beneath %s", argv[i],
					    home[0] ? home : "the root");
		ret->item[i] = ret->text + used;
		used += len + 1;
	}
	return CTL_YES;
}

void ctl_paths_done(struct ctl_paths *p)
{
	free(p->text);
}
