// SPDX-License-Identifier: Apache-2.0
/* How much a tree takes; see measure.h. Without recursion: a tree can be deeper than a stack. */
#include "ctl/home/measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/dir.h"

#define BLOCK 512 /* what st_blocks counts in */

/* Directories that are being read, from the top down. */
struct measure_walk {
	struct crl_dir *level;
	size_t depth;
	size_t room;
};

static int push(struct measure_walk *d, int at, const char *name)
{
	struct crl_dir *grown = d->level;
	int rc;

	if (d->depth == d->room) {
		d->room = 2 * d->room + 64;
		grown = reallocarray(d->level, d->room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		d->level = grown;
	}
	d->level[d->depth] = (struct crl_dir){0};
	rc = crl_dir_open(at, name, &d->level[d->depth]);
	if (rc < 0)
		crl_dir_done(&d->level[d->depth]);
	else
		d->depth++;
	return rc;
}

static void add(struct ctl_measure *m, const struct stat *st, uint64_t *part)
{
	const uint64_t bytes = (uint64_t)st->st_blocks * BLOCK, names = S_ISDIR(st->st_mode) ? 1 : st->st_nlink;

	m->bytes += names > 1 ? bytes / names : bytes;
	*part += names > 1 ? 1000000 / names : 1000000;
}

/* One name of the directory that is open last. */
static int look(struct measure_walk *d, const char *name, dev_t dev, struct ctl_measure *m, uint64_t *part)
{
	const int at = crl_dir_fd(&d->level[d->depth - 1]);
	struct stat st;
	int rc;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0 || st.st_dev != dev)
		return 0; /* it has gone */
	add(m, &st, part);
	if (!S_ISDIR(st.st_mode))
		return 0;
	rc = push(d, at, name);
	if (rc == -EMFILE || rc == -ENOMEM)
		return rc;
	m->unread += rc < 0;
	return 0;
}

int ctl_measure_tree(int dir, bool (*stop)(void *arg), void *arg, struct ctl_measure *ret)
{
	struct measure_walk d = {.level = NULL};
	struct ctl_measure m = {.bytes = 0};
	uint64_t part = 0; /* inodes, in millionths */
	struct stat st;
	int rc = fstat(dir, &st) < 0 ? -errno : push(&d, dir, ".");

	while (rc == 0 && d.depth > 0) {
		const char *name = crl_dir_next(&d.level[d.depth - 1]);

		if (!name)
			crl_dir_done(&d.level[--d.depth]);
		else if (stop && stop(arg))
			rc = -EINTR;
		else
			rc = look(&d, name, st.st_dev, &m, &part);
	}
	while (d.depth > 0)
		crl_dir_done(&d.level[--d.depth]);
	free(d.level);
	m.inodes = (part + 999999) / 1000000;
	if (rc == 0)
		*ret = m;
	return rc;
}
