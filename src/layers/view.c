// SPDX-License-Identifier: Apache-2.0
/*
 * The merged directory.
 *
 * Owns: R1 nothing is opened but names of directories that are open (near.h): a redirect leads to another place of the
 * layers, and never out of them.
 */
#include "layers/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layers/near.h"

void crl_view_dir_done(struct crl_view_dir *d)
{
	for (size_t i = 0; i < d->len; i++)
		drop_fd(&d->part[i].fd);
	free(d->part);
	free(d->origin);
	*d = (struct crl_view_dir){0};
}

/* @fd is taken in any case */
static int add_part(struct crl_view_dir *d, size_t layer, int fd)
{
	scoped_fd owned = fd;

	if (!d->part)
		d->part = malloc(sizeof(*d->part) * (d->layers->len - layer)); /* no layer is in it twice */
	if (!d->part)
		return -ENOMEM;
	d->part[d->len++] = (struct crl_view_part){.layer = layer, .fd = take_fd(&owned)};
	if (layer < d->layers->top)
		d->news++;
	return 0;
}

int crl_view_open(const struct crl_layers *layers, struct crl_view_dir *ret)
{
	*ret = (struct crl_view_dir){.layers = layers};
	if (layers->len == 0 || layers->len > CRL_LAYERS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < layers->len; i++) {
		int fd = openat(layers->fd[i], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int rc = fd < 0 ? -errno : add_part(ret, i, fd);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static enum crl_view_kind kind_of(const struct stat *st)
{
	if (S_ISCHR(st->st_mode) && st->st_rdev == 0)
		return CRL_VIEW_WHITEOUT;
	return S_ISDIR(st->st_mode) ? CRL_VIEW_DIR : CRL_VIEW_FILE;
}

/* In one part. Returns 1 when it is there, 0 or -errno. */
static int find_in(const struct crl_view_dir *dir, size_t part, const char *name, struct crl_view_entry *ret)
{
	int rc = crl_near_stat(dir->part[part].fd, name, &ret->st);

	if (rc < 0) /* what is too long for one file system may be a name of another */
		return rc == -ENOENT || rc == -ENAMETOOLONG ? 0 : rc;
	ret->kind = kind_of(&ret->st);
	ret->part = part;
	ret->layer = dir->part[part].layer;
	return 1;
}

int crl_view_find_below(const struct crl_view_dir *dir, size_t from, const char *name, struct crl_view_entry *ret)
{
	*ret = (struct crl_view_entry){.kind = CRL_VIEW_ABSENT};
	if (!crl_near_is_name(name))
		return -EINVAL;
	for (size_t i = from; i < dir->len; i++) {
		int rc = find_in(dir, i, name, ret);

		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	return 0;
}

int crl_view_find(const struct crl_view_dir *dir, const char *name, struct crl_view_entry *ret)
{
	return crl_view_find_below(dir, 0, name, ret);
}

/* A directory on its way through the layers. */
struct descent {
	struct crl_view_dir *ret;
	char *name; /* what it is looked for by in the next layer: one name, or "/a/b" from the layer's root on */
	bool stop; /* nothing is merged from below */
};

/*
 * What a directory's marks mean for the layers below.
 * @prefix  bytes of d->name before the component that is marked; @rest  what comes behind it
 */
static int heed_marks(struct descent *d, int fd, size_t prefix, const char *rest)
{
	struct crl_mark mark;
	char *name;
	int rc = crl_marks_read(&d->ret->layers->marks, fd, &mark);

	if (rc < 0)
		return rc;
	if (mark.opaque) {
		d->stop = true;
		return 0;
	}
	if (!mark.redirect[0])
		return 0;
	if (mark.redirect[0] == '/') {
		d->stop = false; /* it goes on elsewhere, also below an opaque directory */
		prefix = 0;
	}
	if (asprintf(&name, "%.*s%s%s", (int)prefix, d->name, mark.redirect, rest) < 0)
		return -ENOMEM;
	free(d->name);
	d->name = name;
	return 0;
}

/*
 * One component in one layer. @left  bytes of d->name that are still to go, from this component on. R1
 * Returns 0; -ENOENT this layer has no such directory; -errno.
 */
static int step(struct descent *d, size_t layer, int at, size_t left, int *ret_fd)
{
	size_t prefix = strlen(d->name) - left, len = strcspn(d->name + prefix, "/");
	char component[NAME_MAX + 1];
	scoped_fd fd = -EBADF;
	int rc;

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(component, d->name + prefix, len);
	component[len] = '\0';
	rc = crl_near_open(at, component, O_RDONLY | O_DIRECTORY, 0, &fd);
	if (rc == -ENOTDIR || rc == -ELOOP) { /* a file, or a whiteout: it hides what is below */
		d->stop = true;
		return -ENOENT;
	}
	if (rc < 0)
		return rc == -ENAMETOOLONG ? -ENOENT : rc;
	if (layer + 1 < d->ret->layers->len)
		rc = heed_marks(d, fd, prefix, d->name + prefix + len);
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

/* The directory in one layer. @at  where its name begins: the parent there, or the layer's root; the caller's */
static int descend(struct descent *d, size_t layer, int at)
{
	size_t left = strlen(d->name) - (d->name[0] == '/');
	scoped_fd last = -EBADF;

	for (;;) {
		size_t len = strcspn(d->name + strlen(d->name) - left, "/");
		int fd, rc = step(d, layer, at, left, &fd); /* what is left stays, whatever the name becomes */

		if (rc < 0)
			return rc == -ENOENT ? 0 : rc;
		drop_fd(&last);
		last = at = fd;
		if (len == left)
			return add_part(d->ret, layer, take_fd(&last));
		left -= len + 1;
	}
}

/* Before the first layer that is not new. */
static int note_origin(struct descent *d, const char *name, size_t layer)
{
	if (layer < d->ret->layers->top || d->ret->origin || strcmp(name, d->name) == 0)
		return 0;
	d->ret->origin = strdup(d->name);
	return d->ret->origin ? 0 : -ENOMEM;
}

static int descend_all(struct descent *d, const struct crl_view_dir *dir, const char *name)
{
	const struct crl_layers *layers = dir->layers;
	size_t part = 0, layer = 0;
	int rc = 0;

	while (rc == 0 && !d->stop && part < dir->len && d->name[0] != '/') {
		layer = dir->part[part].layer;
		if (layer >= layers->top && d->ret->len == d->ret->news)
			rc = note_origin(d, name, layer);
		if (rc == 0)
			rc = descend(d, layer, dir->part[part++].fd);
	}
	for (layer++; rc == 0 && !d->stop && d->name[0] == '/' && layer < layers->len; layer++) {
		if (d->ret->len == d->ret->news)
			rc = note_origin(d, name, layer);
		if (rc == 0)
			rc = descend(d, layer, layers->fd[layer]);
	}
	return rc;
}

static int why_not(const struct crl_view_dir *dir, const char *name)
{
	struct crl_view_entry e;
	int rc = crl_view_find(dir, name, &e);

	return rc < 0 ? rc : e.kind == CRL_VIEW_FILE ? -ENOTDIR : -ENOENT;
}

int crl_view_enter(const struct crl_view_dir *dir, const char *name, struct crl_view_dir *ret)
{
	struct descent d = {.ret = ret};
	int rc;

	*ret = (struct crl_view_dir){.layers = dir->layers};
	if (!crl_near_is_name(name))
		return -EINVAL;
	d.name = strdup(name);
	if (!d.name)
		return -ENOMEM;
	rc = descend_all(&d, dir, name);
	free(d.name);
	if (rc == 0 && ret->len == 0)
		return why_not(dir, name);
	if (rc == 0 && ret->news == ret->len) {
		free(ret->origin);
		ret->origin = NULL;
	}
	return rc;
}
