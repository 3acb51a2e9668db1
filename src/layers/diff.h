// SPDX-License-Identifier: Apache-2.0
/*
 * What the new layers of an overlay change against the rest, told name by name in the order of their bytes. It costs
 * what has changed: directories that no new layer has are not looked into, and a directory that was only renamed is
 * one change.
 *
 * Runs in: workers with the user's rights, carrelctl, keeper.
 * Trusts: nothing in the layers. Safe while the overlay is mounted: what changes meanwhile is told or not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "layers/view.h"

enum crl_diff_kind {
	CRL_DIFF_ADDED,
	CRL_DIFF_CHANGED, /* crl_diff_change.what says in which way */
	CRL_DIFF_DELETED, /* of a directory: all that was in it as well, in this one change */
	CRL_DIFF_TYPE, /* something of another type stands there; what was in a directory is gone with it */
	CRL_DIFF_RENAMED, /* a directory, from elsewhere; @what as well */
	CRL_DIFF_UNREADABLE, /* a directory that could not be looked into, crl_diff_change.error; the others are told */
	CRL_DIFF_KIND_COUNT
};

/* Bits of crl_diff_change.what. */
enum {
	CRL_DIFF_CONTENT = 1, /* bytes of a file, text of a link, number of a device */
	CRL_DIFF_MODE = 2,
	CRL_DIFF_OWNER = 4,
	CRL_DIFF_XATTR = 8, /* user.* and ACLs */
	CRL_DIFF_TIME = 16, /* of a file whose content is the same */
};

/* One change, valid during the call that tells it. */
struct crl_diff_change {
	enum crl_diff_kind kind;
	unsigned int what;
	int error; /* UNREADABLE: -EACCES, or -EINVAL a redirect that the kernel would not follow */
	const char *path; /* from the root on, without a slash before it; "." is the root itself. Bytes. */
	const char *from; /* RENAMED: the path that it had; else NULL */
	const char *name; /* its last component */
	const struct crl_view_dir *dir; /* where it is now, for opening beneath part[now->part].fd; NULL for the root */
	const struct crl_view_dir
		*dir_before; /* where something of that name was, with before->part; NULL for the root */
	const struct crl_view_entry *now; /* kind ABSENT or WHITEOUT when it was deleted */
	const struct crl_view_entry *before; /* kind ABSENT when it was added; RENAMED: only @st is of use */
};

/* What the one who is told answers; a negative number ends the diff with it. */
enum { CRL_DIFF_ON = 0, CRL_DIFF_SKIP = 1 /* what is in this directory need not be told */ };

struct crl_diff_wish {
	/*
	 * Read both when a file has the size that it had. Else it counts as the same when its time is the same, and as
	 * another when it is not.
	 */
	bool exact;
	int (*tell)(void *arg, const struct crl_diff_change *change);
	bool (*stop)(void *arg); /* asked for each name; true ends it with -EINTR. NULL: never */
	void *arg; /* of both */
};

/*
 * Tell what the first layers->top layers change. @layers  with at least one more layer, or all of it was added
 * @err  names the directory that could not be read
 * Returns 0; what tell() answered when it was negative; -EINTR; -EXDEV something is mounted in a layer; -errno.
 */
int crl_diff_walk(const struct crl_layers *layers, const struct crl_diff_wish *wish,
		  struct crl_err *err) CRL_MUST_CHECK;
