// SPDX-License-Identifier: Apache-2.0
/*
 * What waits for the disk. A copy is renamed into its place when its data is on the disk, and the upper's is taken away
 * when that rename is: one syncfs(2) for all that has come together.
 *
 * Owns: R1 nothing of the upper is taken away before what stands for it in the home is on the disk; R2 nothing in the
 * home is replaced by what is not on the disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "layers/commit_work.h"
#include "layers/near.h"
#include "layers/remove.h"

#define BATCH 1000 /* files */
#define BATCH_BYTES (64 << 20)

static void free_item(struct crl_commit_item *item)
{
	crl_commit_put(item->dir);
	free(item->name);
}

static void clear(struct crl_commit_list *list)
{
	for (size_t i = 0; i < list->len; i++)
		free_item(&list->item[i]);
	list->len = 0;
}

static int home(const struct crl_commit_item *item)
{
	return item->dir->view.part[1].fd;
}

static int upper(const struct crl_commit_item *item)
{
	return item->dir->view.part[0].fd;
}

static int push(struct crl_commit_list *list, const struct crl_commit_item *item)
{
	if (list->len == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		void *more = reallocarray(list->item, room, sizeof(*item));

		if (!more)
			return -ENOMEM;
		list->item = more;
		list->room = room;
	}
	list->item[list->len++] = *item;
	return 0;
}

/* Where two names cannot be exchanged (NFS, FUSE), the old one steps aside: the upper hides that. */
static int exchange(struct crl_commit_work *w, struct crl_commit_item *item, const char *temp)
{
	char aside[CRL_COMMIT_TEMP];
	unsigned int number;

	item->replaced = true;
	if (renameat2(home(item), temp, home(item), item->name, RENAME_EXCHANGE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	number = w->next++;
	crl_commit_name(w, number, aside);
	if (renameat(home(item), item->name, home(item), aside) < 0)
		return -errno;
	if (renameat(home(item), temp, home(item), item->name) < 0)
		return -errno;
	item->temp = number;
	return 0;
}

/* A directory: where nothing is, or in exchange. */
static int place_dir(struct crl_commit_work *w, struct crl_commit_item *item, const char *temp)
{
	struct stat st;

	if (renameat2(home(item), temp, home(item), item->name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST)
		return exchange(w, item, temp);
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (fstatat(home(item), item->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return exchange(w, item, temp);
	return renameat(home(item), temp, home(item), item->name) < 0 ? -errno : 0;
}

/* Where both are one file, as an interrupted run may have left them, a rename does nothing. */
static int place_file(struct crl_commit_work *w, struct crl_commit_item *item, const char *temp)
{
	if (renameat(home(item), temp, home(item), item->name) < 0)
		return -errno;
	return w->links >= 0 && unlinkat(home(item), temp, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int place(struct crl_commit_work *w, struct crl_commit_item *item)
{
	char temp[CRL_COMMIT_TEMP];
	int rc;

	if (item->kind != CRL_ITEM_FILE && item->kind != CRL_ITEM_WHOLE)
		return 0;
	crl_commit_name(w, item->temp, temp);
	if (item->kind == CRL_ITEM_WHOLE)
		rc = place_dir(w, item, temp);
	else
		rc = place_file(w, item, temp);
	if (rc == -EISDIR || rc == -ENOTEMPTY || rc == -EEXIST)
		rc = exchange(w, item, temp);
	if (rc < 0)
		crl_ignore(crl_commit_remove(w, item->dir, temp));
	return rc;
}

int crl_commit_discharge(struct crl_commit_work *w, int at, const char *name)
{
	char as[CRL_COMMIT_TEMP];
	bool parked = false;
	int rc;

	for (;;) {
		crl_commit_name(w, w->next++, as);
		rc = renameat2(at, name, w->c->trash, as, RENAME_NOREPLACE) < 0 ? -errno : 0;
		if (rc == -EACCES && !parked && crl_commit_is_ours(w, name)) {
			parked = true;
			rc = crl_remove_open_up(at, name) == 0 ? -EEXIST : -EACCES;
		}
		if (rc != -EEXIST)
			break;
	}
	/* A directory that its owner may not write to goes nowhere: it gets a name of ours first, and rights then, so
	 * that what the overlay shows by its own name never changes. */
	if (rc != -EACCES || crl_commit_is_ours(w, name))
		return rc;
	if (renameat2(at, name, at, as, RENAME_NOREPLACE) < 0)
		return -errno;
	return crl_commit_discharge(w, at, as);
}

/* What somebody forbids to be removed. */
struct litter {
	struct crl_commit_work *w;
	size_t told;
};

static void tell_litter(void *arg, const char *path, int rc)
{
	struct litter *l = arg;

	l->told++;
	l->w->littered = true;
	l->w->c->tell(l->w->c->arg, CRL_COMMIT_LITTER, path, strerror(-rc));
}

int crl_commit_remove(struct crl_commit_work *w, struct crl_commit_dir *d, const char *name)
{
	struct litter litter = {.w = w};
	struct crl_remove r = {.left = tell_litter, .arg = &litter};
	int rc = crl_remove_tree(d->view.part[1].fd, name, &r);

	if (rc < 0 && litter.told == 0 && crl_commit_is_ours(w, name))
		tell_litter(&litter, name, rc);
	return rc;
}

/* R1: only of what is placed and on the disk. A flush that ended early leaves others. */
static int take_away(struct crl_commit_work *w, struct crl_commit_item *item)
{
	char temp[CRL_COMMIT_TEMP];
	int rc = 0;

	if (!item->in_place)
		return 0;
	if (item->replaced) {
		crl_commit_name(w, item->temp, temp);
		rc = crl_commit_remove(w, item->dir, temp);
		if (crl_commit_is_fatal(rc))
			return rc;
	}
	item->dir->stirred = true;
	if (item->kind == CRL_ITEM_WHOLE)
		rc = crl_commit_discharge(w, upper(item), item->name);
	else if (unlinkat(upper(item), item->name, item->kind == CRL_ITEM_EMPTY ? AT_REMOVEDIR : 0) < 0)
		rc = -errno;
	else
		rc = 0;
	if (item->kind == CRL_ITEM_EMPTY && (rc == -ENOTEMPTY || rc == -EEXIST))
		rc = 0; /* what was told as kept is in it */
	if (rc < 0 && rc != -ENOENT)
		return crl_commit_failed(w, item->dir, item->name, rc);
	if (item->moved)
		item->moved->state = CRL_MOVED_DONE;
	return 0;
}

static int flush(struct crl_commit_work *w)
{
	struct crl_commit_list list;
	int rc = 0;

	if (w->placed.len + w->fresh.len == 0)
		return 0;
	if (syncfs(w->root->view.part[1].fd) < 0) /* R1, R2 */
		return -errno;
	for (size_t i = 0; rc == 0 && i < w->placed.len; i++)
		rc = take_away(w, &w->placed.item[i]);
	if (rc < 0)
		return rc;
	clear(&w->placed);
	list = w->placed;
	w->placed = w->fresh;
	w->fresh = list;
	w->fresh_bytes = 0;
	for (size_t i = 0; rc == 0 && i < w->placed.len;) {
		rc = place(w, &w->placed.item[i]);
		if (rc == 0) {
			w->placed.item[i++].in_place = true;
			continue;
		}
		rc = crl_commit_failed(w, w->placed.item[i].dir, w->placed.item[i].name, rc);
		if (w->placed.item[i].moved)
			w->placed.item[i].moved->state = CRL_MOVED_FAILED;
		free_item(&w->placed.item[i]);
		w->placed.item[i] = w->placed.item[--w->placed.len];
	}
	return rc;
}

int crl_commit_add(struct crl_commit_work *w, const struct crl_commit_item *item, const struct stat *st)
{
	struct crl_commit_item own = *item;
	int rc = -ENOMEM;

	own.name = strdup(item->name);
	if (own.name)
		rc = push(&w->fresh, &own);
	if (rc < 0) {
		free(own.name);
		return rc;
	}
	item->dir->refs++;
	if (st && S_ISREG(st->st_mode))
		w->fresh_bytes += (uint64_t)st->st_size;
	return w->fresh.len >= BATCH || w->fresh_bytes >= BATCH_BYTES ? flush(w) : 0;
}

int crl_commit_finish(struct crl_commit_work *w)
{
	int rc = 0;

	while (rc == 0 && w->fresh.len + w->placed.len > 0)
		rc = flush(w);
	if (rc == 0 && syncfs(w->root->view.part[0].fd) < 0)
		rc = -errno;
	return rc;
}

void crl_commit_abandon(struct crl_commit_work *w)
{
	char temp[CRL_COMMIT_TEMP];

	for (size_t i = 0; i < w->fresh.len; i++) {
		struct crl_commit_item *item = &w->fresh.item[i];

		if (item->kind != CRL_ITEM_FILE && item->kind != CRL_ITEM_WHOLE)
			continue;
		crl_commit_name(w, item->temp, temp);
		crl_ignore(crl_commit_remove(w, item->dir, temp)); /* the next run tries again */
	}
	clear(&w->fresh);
	clear(&w->placed);
	free(w->fresh.item);
	free(w->placed.item);
}
