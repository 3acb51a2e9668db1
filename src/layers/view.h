// SPDX-License-Identifier: Apache-2.0
/*
 * What an overlay shows, computed from its layers: without a mount, and without power beyond the reading of marks. It
 * goes by the same whiteouts, opaque directories and redirects as the kernel (redirect_dir=on, metacopy=off,
 * index=off: with index=on a file with several links would be found beside its layers).
 *
 *	struct crl_layers layers = {.fd = {up, snapshot, home}, .len = 3, .top = 1, .marks = CRL_MARKS_OWN};
 *	scoped(crl_view_dir) root = {0}, mail = {0};
 *	int rc = crl_view_open(&layers, &root);
 *
 *	if (rc == 0)
 *		rc = crl_view_enter(&root, "Mail", &mail);
 *
 * Runs in: workers with the user's rights, carrelctl, keeper.
 * Trusts: nothing in the layers. Names are bytes.
 * Descriptors: each open directory has one for each layer that it is in, so that whoever goes down thousands of
 * levels raises RLIMIT_NOFILE before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "layers/marks.h"

#define CRL_LAYERS_MAX 64

/*
 * The layers of one overlay, youngest first. The descriptors are directories, open for reading, and the caller's as
 * long as anything opened by way of them. A mount within them is never gone into (-EXDEV): where one may stand, as in a
 * real home, let it be a clone without what is mounted beneath, open_tree(OPEN_TREE_CLONE), as the kernel's overlay
 * has it. Marks of the last one mean nothing, to the kernel nor here: it may be the user's real home.
 */
struct crl_layers {
	int fd[CRL_LAYERS_MAX];
	size_t len; /* at least 1 */
	size_t top; /* the first so many are what is new: crl_view_dir.origin and diff.h go by it */
	struct crl_marks marks;
};

enum crl_view_kind {
	CRL_VIEW_ABSENT,
	CRL_VIEW_WHITEOUT, /* in the youngest layer that has it; nobody sees it */
	CRL_VIEW_FILE, /* anything that is neither a whiteout nor a directory */
	CRL_VIEW_DIR,
};

/* One name of a directory. */
struct crl_view_entry {
	enum crl_view_kind kind;
	size_t part; /* which of the directory's parts, the youngest that has it: open it beneath part[part].fd */
	size_t layer; /* that part's */
	struct stat st; /* there; not filled in when it is absent */
};

/* A directory of one layer. */
struct crl_view_part {
	size_t layer; /* index in crl_layers */
	int fd;
};

/* A directory as it is shown: the directories that are merged in it, youngest first. */
struct crl_view_dir {
	const struct crl_layers *layers;
	struct crl_view_part *part;
	size_t len; /* 0: nothing is open */
	size_t news; /* so many parts are of the new layers, layers->top */
	char *origin; /* where the other parts, those that are not new, were looked for, when it is not by the same
		       * name: "/a/b" from the root on, or a name beside it in its parent's; else NULL */
};

/* Open the root. @ret  to be given back by crl_view_dir_done() in any case. Returns 0 or -errno. */
int crl_view_open(const struct crl_layers *layers, struct crl_view_dir *ret) CRL_MUST_CHECK;

/*
 * Look for one name.
 * @name  one component; "." and ".." are -EINVAL
 * No link is followed. Returns 0, also when it is absent; -EXDEV something is mounted there; -errno.
 */
int crl_view_find(const struct crl_view_dir *dir, const char *name, struct crl_view_entry *ret) CRL_MUST_CHECK;

/* As crl_view_find(), in the parts from @from on only: what a directory of fewer layers would show. */
int crl_view_find_below(const struct crl_view_dir *dir, size_t from, const char *name,
			struct crl_view_entry *ret) CRL_MUST_CHECK;

/*
 * Open a directory of a directory.
 * @ret  to be given back by crl_view_dir_done() in any case
 * Returns 0; -ENOENT absent or a whiteout; -ENOTDIR no directory; -EXDEV a mount; -EINVAL a redirect that the kernel
 * would not follow either; -EACCES, -EMFILE … of the kernel.
 */
int crl_view_enter(const struct crl_view_dir *dir, const char *name, struct crl_view_dir *ret) CRL_MUST_CHECK;

void crl_view_dir_done(struct crl_view_dir *d);

/*
 * A walk through the names of a directory, each once, in the order of their bytes. What is in memory of it is bounded,
 * whatever the directory has: it is read several times when it is large.
 */
struct crl_view_walk {
	const struct crl_view_dir *dir; /* the caller's */
	size_t parts; /* names of the first so many parts */
	struct crl_view_names *names; /* those that come next */
};

/*
 * Begin a walk.
 * @parts  the names of so many parts, the youngest: dir->len for all of the directory, dir->news for what is new in it
 * @ret    to be given back by crl_view_walk_done() in any case
 */
int crl_view_walk_begin(const struct crl_view_dir *dir, size_t parts, struct crl_view_walk *ret) CRL_MUST_CHECK;

/*
 * The next name. Whiteouts are told, too: the caller passes over them. What vanishes meanwhile is left out.
 * @ret_name  until the next call
 * Returns 1, 0 at the end, or -errno.
 */
int crl_view_walk_next(struct crl_view_walk *w, const char **ret_name, struct crl_view_entry *ret) CRL_MUST_CHECK;

void crl_view_walk_done(struct crl_view_walk *w);
