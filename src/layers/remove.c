// SPDX-License-Identifier: Apache-2.0
/*
 * See remove.h.
 *
 * Owns: R1 nothing is reached but by names of open directories (near.h): no link, no mount; R2 descriptors and memory
 * are bounded: what is deeper than DEEP levels is moved up to the tree's top and comes later.
 */
#include "layers/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "layers/near.h"

#ifndef DEEP
#define DEEP 200
#endif
#define ASK_EVERY 256 /* names */

struct felling_level {
	struct crl_dir dir;
	char name[NAME_MAX + 1]; /* in the level above */
	bool lasting; /* something in it was told as left */
	bool went; /* something was removed since the walk of it began: it may have missed others */
	bool more; /* something was moved into it since */
};

struct felling {
	struct crl_remove *r;
	int base; /* where the tree is */
	struct felling_level *level;
	size_t depth; /* levels that are open, 0 = done */
	unsigned int moved;
	unsigned int since; /* names since stop() was asked */
};

static struct felling_level *top(struct felling *f)
{
	return &f->level[f->depth - 1];
}

static bool is_stopped(struct felling *f, bool now)
{
	if (!f->r->stop || (!now && ++f->since < ASK_EVERY))
		return false;
	f->since = 0;
	return f->r->stop(f->r->arg);
}

/* @name  in the level at the top, or NULL: that itself */
static void tell_left(struct felling *f, const char *name, int rc)
{
	char path[PATH_MAX];
	size_t used = 0;

	if (f->depth > 0)
		top(f)->lasting = true;
	if (!f->r->left)
		return;
	for (size_t i = 0; i < f->depth && used < sizeof(path); i++)
		used += (size_t)snprintf(path + used, sizeof(path) - used, "%s%s", i ? "/" : "", f->level[i].name);
	if (name && used < sizeof(path))
		(void)snprintf(path + used, sizeof(path) - used, "%s%s", used ? "/" : "", name);
	f->r->left(f->r->arg, path, rc);
}

int crl_remove_open_up(int at, const char *name)
{
	scoped_fd fd = -EBADF;
	char path[64];
	int rc = crl_near_open(at, name, O_PATH | O_DIRECTORY, 0, &fd);

	if (rc < 0)
		return rc;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* R1: fchmod(2) takes no such descriptor */
	return chmod(path, 0700) < 0 ? -errno : 0;
}

/* Where @name of the level at the top is: the level above, or what the tree stands in. */
static int parent(const struct felling *f)
{
	return f->depth > 1 ? crl_dir_fd(&f->level[f->depth - 2].dir) : f->base;
}

static int enter(struct felling *f, int at, const char *name)
{
	struct felling_level *l = &f->level[f->depth];
	int fd, rc = crl_near_open(at, name, O_RDONLY | O_DIRECTORY, 0, &fd);

	if (rc == -EACCES && crl_remove_open_up(at, name) == 0)
		rc = crl_near_open(at, name, O_RDONLY | O_DIRECTORY, 0, &fd);
	if (rc < 0)
		return rc;
	*l = (struct felling_level){0};
	(void)snprintf(l->name, sizeof(l->name), "%s", name);
	rc = crl_dir_take(fd, &l->dir);
	if (rc == 0)
		f->depth++;
	else
		crl_dir_done(&l->dir);
	return rc;
}

/* R2. The name is not that of anything there, as RENAME_NOREPLACE holds. */
static int move_up(struct felling *f, const char *name)
{
	char as[32];
	int at = crl_dir_fd(&top(f)->dir), rc;
	bool opened = false;

	for (;;) {
		(void)snprintf(as, sizeof(as), "%u", f->moved);
		rc = renameat2(at, name, crl_dir_fd(&f->level[0].dir), as, RENAME_NOREPLACE) < 0 ? -errno : 0;
		if (rc == 0)
			f->level[0].more = true;
		if (rc == -EEXIST)
			f->moved++;
		else if (rc == -EACCES && !opened && crl_remove_open_up(at, name) == 0)
			opened = true;
		else
			return rc;
	}
}

/* Unlinks; when the directory itself is not to be changed, opens it up first. */
static int unlink_here(struct felling *f, const char *name, int flags)
{
	int at = crl_dir_fd(&top(f)->dir), rc = unlinkat(at, name, flags) < 0 ? -errno : 0;

	if (rc == -EACCES && fchmod(at, 0700) == 0)
		rc = unlinkat(at, name, flags) < 0 ? -errno : 0;
	return rc;
}

static int fell_name(struct felling *f, const char *name)
{
	int rc = unlink_here(f, name, 0);

	if (rc == -EISDIR) {
		rc = unlink_here(f, name, AT_REMOVEDIR);
		if (rc == -ENOTEMPTY || rc == -EEXIST) {
			rc = f->depth < DEEP ? enter(f, crl_dir_fd(&top(f)->dir), name) : move_up(f, name);
			if (rc == 0)
				return 0;
		}
	}
	if (rc == 0) {
		f->r->removed++;
		top(f)->went = true;
	} else if (rc != -ENOENT) {
		tell_left(f, name, rc);
	}
	return 0;
}

/* All names of the level at the top are through. */
static int leave(struct felling *f)
{
	struct felling_level *l = top(f);
	int rc;

	if (l->dir.error < 0)
		tell_left(f, NULL, l->dir.error);
	rc = unlinkat(parent(f), l->name, AT_REMOVEDIR) < 0 ? -errno : 0;
	if ((rc == -ENOTEMPTY || rc == -EEXIST) && (l->more || (l->went && !l->lasting))) {
		l->went = l->more = false;
		crl_dir_rewind(&l->dir);
		return 0;
	}
	if (rc < 0 && rc != -ENOENT && !l->lasting)
		tell_left(f, NULL, rc);
	crl_dir_done(&l->dir);
	f->depth--;
	if (rc == 0)
		f->r->removed++;
	if (f->depth > 0) {
		top(f)->went |= rc == 0;
		top(f)->lasting |= rc < 0 && rc != -ENOENT;
	}
	return rc < 0 && rc != -ENOENT && f->depth == 0 ? -ENOTEMPTY : 0;
}

static int fell(struct felling *f)
{
	int rc = 0;

	while (f->depth > 0) {
		const char *name = crl_dir_next(&top(f)->dir);

		if (is_stopped(f, !name))
			return -EINTR;
		rc = name ? fell_name(f, name) : leave(f);
	}
	return rc;
}

int crl_remove_tree(int dir, const char *name, struct crl_remove *r)
{
	struct felling f = {.r = r, .base = dir};
	int rc;

	if (!crl_near_is_name(name))
		return -EINVAL;
	if (unlinkat(dir, name, 0) == 0) {
		r->removed++;
		return 0;
	}
	if (errno != EISDIR)
		return errno == ENOENT ? 0 : -errno;
	f.level = calloc(DEEP, sizeof(*f.level));
	if (!f.level)
		return -ENOMEM;
	rc = enter(&f, dir, name);
	if (rc == 0)
		rc = fell(&f);
	while (f.depth > 0)
		crl_dir_done(&f.level[--f.depth].dir);
	free(f.level);
	return rc;
}
