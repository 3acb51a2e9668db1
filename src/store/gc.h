// SPDX-License-Identifier: Apache-2.0
/*
 * What of the store can go: trash, entries that were moved aside, entries of users that are no more.
 *
 * Runs in: carrelctl (root). All can be interrupted and run again.
 */
#pragma once

#include <stdbool.h>

#include "layers/remove.h"
#include "store/entry.h"

/* One of the store's entries, for who lists them. */
struct crl_gc_entry {
	const char *name; /* below the store: "home/UID", "root/UID.BASE" or "orphans/…" */
	int dir; /* of the walk; -EBADF: it is not root's alone */
	bool is_orphan;
	bool has_owner; /* its record can be read */
	struct crl_owner owner;
	int64_t since; /* CLOCK_REALTIME seconds: when an orphan was moved aside */
};

/* Returns 0 to go on; else the walk ends with it. */
typedef int crl_gc_each(void *arg, const struct crl_gc_entry *entry);

/* All entries. Returns 0, or what @each ended it with. Errors (stage HOME): -errno. */
int crl_gc_walk(const struct crl_store *s, crl_gc_each *each, void *arg, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Remove an entry with all that is kept in it. It is moved aside first, so that nobody uses half of it.
 * @name  as above
 * @r     how, and how far
 * Errors (stage HOME): -EINVAL no name of an entry; -EBUSY a room shows it, or somebody is at work in it; -ENOTEMPTY
 * something could not be removed; -EINTR; -errno.
 */
int crl_gc_remove(const struct crl_store *s, const char *name, struct crl_remove *r,
		  struct crl_err *err) CRL_MUST_CHECK;

/* Empty the trash of an entry's data. @data as for stack.h, with "use" alone. Errors (stage HOME): as above. */
int crl_gc_trash(int data, struct crl_remove *r, struct crl_err *err) CRL_MUST_CHECK;
