// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl image check: files of the image that only its root, or a group, may read.
 *
 * In a room with user.mode the image's owners are the user's range: its root is the user, by sudo or from the
 * beginning, so that no mode of the image keeps anything from them. In all other rooms these files are closed.
 */
#include "ctl/image/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/scope.h"

#define DEPTH_MAX 64
#define NAMED 3 /* the first so many are told by name */

struct closed_look {
	unsigned int n;
	char text[256]; /* "/etc/shadow, /root/key" */
	char path[512]; /* of the directory, "" at the top */
};

static void add(struct closed_look *l, const char *name)
{
	size_t len = strlen(l->text);

	if (l->n++ < NAMED)
		(void)snprintf(l->text + len, sizeof(l->text) - len, "%s%.80s/%.40s", len ? ", " : "", l->path, name);
}

/* What the mode of a directory above keeps others from counts by the files' own modes all the same. */
static void look(struct closed_look *l, int at, const char *name, unsigned int depth)
{
	scoped(crl_dir) dir = {0};
	size_t len = strlen(l->path);
	struct stat st;

	if (depth > DEPTH_MAX || crl_dir_open(at, name, &dir) < 0)
		return;
	for (const char *in; (in = crl_dir_next(&dir));) {
		if (fstatat(crl_dir_fd(&dir), in, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode) && st.st_size > 0 && !(st.st_mode & S_IROTH))
			add(l, in);
		if (!S_ISDIR(st.st_mode))
			continue;
		(void)snprintf(l->path + len, sizeof(l->path) - len, "/%.200s", in);
		look(l, crl_dir_fd(&dir), in, depth + 1);
		l->path[len] = '\0';
	}
}

void ctl_image_check_closed(struct ctl_image_checking *k)
{
	struct closed_look l = {.n = 0};

	look(&l, k->root, ".", 0);
	if (l.n == 0)
		return;
	ctl_cell(&k->table, "closed files");
	ctl_cell(&k->table, "NOTE");
	ctl_cell(&k->table, "%u that not everybody may read: %s%s", l.n, l.text, l.n > NAMED ? ", ..." : "");
	ctl_cell(&k->table, "take secrets out: who is root of a room over it (user.mode) reads all of them");
}
