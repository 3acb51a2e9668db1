// SPDX-License-Identifier: Apache-2.0
/* See gc.h. R1: what a room shows, or somebody works in, is not removed. */
#include "store/gc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir.h"
#include "base/plain.h"
#include "store/lock.h"
#include "store/stack.h"

#define LOCK_MS 5000

static int fail(const struct crl_store *s, const char *name, struct crl_err *err, int rc, const char *what)
{
	return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot %s %s/%s: %s", what, s->path, name, strerrordesc_np(-rc));
}

static int walk_place(const struct crl_store *s, const char *place, crl_gc_each *each, void *arg, struct crl_err *err)
{
	scoped(crl_dir) dir = {0};
	int rc = 0;

	(void)crl_dir_open(s->dir, place, &dir);
	for (const char *entry; rc == 0 && (entry = crl_dir_next(&dir));) {
		struct crl_gc_entry e = {.is_orphan = strcmp(place, CRL_STORE_ORPHANS) == 0};
		char name[CRL_ENTRY_NAME_MAX];
		scoped_fd fd = -EBADF;
		struct stat st;
		int n = snprintf(name, sizeof(name), "%s/%s", place, entry);

		if (entry[0] == '.' || n < 0 || (size_t)n >= sizeof(name) ||
		    fstatat(crl_dir_fd(&dir), entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		crl_ignore(crl_store_dir(crl_dir_fd(&dir), entry, false, &fd));
		e.name = name;
		e.dir = fd;
		e.since = st.st_ctim.tv_sec;
		e.has_owner = fd >= 0 && crl_entry_read_owner(fd, &e.owner) == 0;
		rc = each(arg, &e);
	}
	if (rc == 0 && dir.error < 0 && dir.error != -ENOENT)
		return fail(s, place, err, dir.error, "list");
	return rc;
}

int crl_gc_walk(const struct crl_store *s, crl_gc_each *each, void *arg, struct crl_err *err)
{
	static const char *const places[] = {CRL_STORE_HOMES, CRL_STORE_ROOTS, CRL_STORE_ORPHANS};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < CRL_ARRAY_LEN(places); i++)
		rc = walk_place(s, places[i], each, arg, err);
	return rc;
}

static bool is_entry_name(const char *name)
{
	const char *slash = strchr(name, '/');
	size_t len = slash ? (size_t)(slash - name) : 0;

	if (!slash || !slash[1] || slash[1] == '.' || strchr(slash + 1, '/') || strlen(name) >= CRL_ENTRY_NAME_MAX)
		return false;
	return (len == sizeof(CRL_STORE_HOMES) - 1 && strncmp(name, CRL_STORE_HOMES, len) == 0) ||
	       (len == sizeof(CRL_STORE_ROOTS) - 1 && strncmp(name, CRL_STORE_ROOTS, len) == 0) ||
	       (len == sizeof(CRL_STORE_ORPHANS) - 1 && strncmp(name, CRL_STORE_ORPHANS, len) == 0);
}

int crl_gc_remove(const struct crl_store *s, const char *name, struct crl_remove *r, struct crl_err *err)
{
	scoped(crl_held) held = CRL_HELD_INIT;
	scoped_fd dir = -EBADF, store = -EBADF, orphans = -EBADF;
	char aside[CRL_ENTRY_NAME_MAX];
	int rc;

	if (!is_entry_name(name))
		return crl_err_set(err, EINVAL, CRL_STAGE_HOME, "the store has no entry of such a name");
	rc = crl_store_dir(s->dir, name, false, &dir);
	if (rc == 0)
		rc = crl_entry_hold_still(dir, &held); /* R1 */
	if (rc == -EBUSY)
		return crl_err_set(err, EBUSY, CRL_STAGE_HOME, "%s/%s is shown in a room, or somebody is at work in it",
				   s->path, name);
	if (rc < 0)
		return fail(s, name, err, rc, "lock");
	(void)snprintf(aside, sizeof(aside), "%s", name);
	if (strncmp(name, CRL_STORE_ORPHANS "/", sizeof(CRL_STORE_ORPHANS)) != 0) {
		rc = crl_store_lock(s, LOCK_MS, &store, err);
		if (rc < 0)
			return rc;
		rc = crl_entry_orphan(s, name, aside);
		drop_fd(&store);
	}
	if (rc == 0)
		rc = crl_store_dir(s->dir, CRL_STORE_ORPHANS, false, &orphans);
	if (rc == 0)
		rc = crl_remove_tree(orphans, strchr(aside, '/') + 1, r);
	return rc < 0 ? fail(s, aside, err, rc, "remove") : 0;
}

int crl_gc_trash(int data, struct crl_remove *r, struct crl_err *err)
{
	scoped_fd trash = -EBADF;
	scoped(crl_dir) dir = {0};
	int rc = crl_plain_open(data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY, 0, &trash), first = 0;

	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = crl_dir_open(trash, ".", &dir);
	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));) {
		rc = crl_remove_tree(trash, name, r);
		if (rc == -ENOTEMPTY || rc == -EPERM || rc == -EACCES) { /* the rest goes all the same */
			first = first ? first : rc;
			rc = 0;
		}
	}
	rc = rc == 0 ? dir.error : rc;
	rc = rc == 0 ? first : rc;
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot empty the trash: %s", strerrordesc_np(-rc)) : 0;
}
