// SPDX-License-Identifier: Apache-2.0
/*
 * See entry.h.
 *
 * R1: an entry is used only by the uid and the name that its record has.
 * R2: an entry appears whole: what a killed process leaves of one has another name, and the next who makes one
 *     removes it.
 * R3: what a room shows, or somebody is at work in, is not moved aside, whosever it is; nor is what another version of
 *     carrel has made.
 */
#include "store/entry.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "base/dir.h"
#include "base/file.h"
#include "store/lock.h"

#define NEW ".making"
#define OWNER_NEW ".owner"
#define LOCK_MS 2000 /* the store's lock is held for as long as it takes to make a directory */
#define ORPHANS_MAX 1000 /* of one uid, in one second */

/* Where below the store an entry is. Returns 0; -EINVAL no base has such a name (letters, digits, "-", "_", "."). */
static int name_of(const struct crl_entry_key *key, char ret[CRL_ENTRY_NAME_MAX])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *base = key->base;

	if (!base) {
		(void)snprintf(ret, CRL_ENTRY_NAME_MAX, CRL_STORE_HOMES "/%" PRIu32, key->uid);
		return 0;
	}
	if (!base[0] || strlen(base) >= CRL_ENTRY_BASE_MAX || strspn(base, letters) != strlen(base))
		return -EINVAL;
	(void)snprintf(ret, CRL_ENTRY_NAME_MAX, CRL_STORE_ROOTS "/%" PRIu32 ".%s", key->uid, base);
	return 0;
}

int crl_entry_read_owner(int dir, struct crl_owner *ret)
{
	char text[CRL_OWNER_TEXT_MAX];
	ssize_t n = crl_file_read(dir, CRL_OWNER_FILE, text, sizeof(text));

	if (n == -ENOENT || n == -ELOOP || n == -EISDIR)
		return -EBADMSG;
	return n < 0 ? (int)n : crl_owner_parse(text, (size_t)n, ret);
}

int crl_entry_write_owner(const struct crl_entry *e)
{
	char text[CRL_OWNER_TEXT_MAX];
	int n = crl_owner_format(&e->owner, text, sizeof(text));

	if (n < 0)
		return n;
	n = crl_file_replace(e->dir, &(struct crl_file){.name = CRL_OWNER_FILE,
							.beside = OWNER_NEW,
							.data = text,
							.len = (size_t)n,
							.mode = 0600,
							.durable = true});
	return n == 0 && fsync(e->dir) < 0 ? -errno : n;
}

/* R1. Says in @why what does not fit. */
static bool fits(const struct crl_owner *o, const struct crl_entry_key *key, char *why, size_t size)
{
	if (o->uid == key->uid && strcmp(o->name, key->user) == 0)
		return true;
	(void)snprintf(why, size, "it belongs to uid %" PRIu32 " of the name \"%.80s\"", o->uid, o->name);
	return false;
}

/* Returns 0; -ENOENT; -ESTALE it does not fit, and ret->why says why; -EPERM; -errno. */
static int look(struct crl_entry *ret, const struct crl_entry_key *key)
{
	scoped_fd dir = -EBADF;
	int rc = crl_store_dir(ret->store->dir, ret->name, false, &dir);

	if (rc == 0)
		rc = crl_entry_read_owner(dir, &ret->owner);
	if (rc == -EBADMSG) {
		(void)snprintf(ret->why, sizeof(ret->why), "its owner record cannot be read");
		return -ESTALE;
	}
	if (rc < 0)
		return rc;
	if (!fits(&ret->owner, key, ret->why, sizeof(ret->why)))
		return -ESTALE;
	ret->dir = take_fd(&dir);
	return 0;
}

static int make_id(char ret[CRL_OWNER_ID_MAX])
{
	uint8_t raw[(CRL_OWNER_ID_MAX - 1) / 2];

	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		return -EIO;
	for (size_t i = 0; i < sizeof(raw); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", raw[i]);
	return 0;
}

/* R2: what a killed process had made has files alone in it. */
static int remove_leftover(int at)
{
	scoped(crl_dir) dir = {0};
	int rc = crl_dir_open(at, NEW, &dir);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (const char *name; (name = crl_dir_next(&dir));)
		if (unlinkat(crl_dir_fd(&dir), name, 0) < 0)
			return -errno;
	return unlinkat(at, NEW, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int fill(struct crl_entry *e, const struct crl_entry_key *key)
{
	struct crl_owner o = {.uid = key->uid, .created = (int64_t)time(NULL), .form = CRL_FORM_NONE};
	int rc = make_id(o.id);

	if (strlen(key->user) >= sizeof(o.name))
		return -ENAMETOOLONG;
	memcpy(o.name, key->user, strlen(key->user) + 1);
	e->owner = o;
	if (rc == 0)
		rc = crl_entry_make_locks(e->dir);
	return rc < 0 ? rc : crl_entry_write_owner(e);
}

/* With the store's lock held. R2: beside, and renamed. */
static int make(struct crl_entry *ret, const struct crl_entry_key *key)
{
	scoped(crl_entry) e = CRL_ENTRY_INIT;
	scoped_fd above = -EBADF;
	const char *name = strchr(ret->name, '/') + 1;
	int rc = crl_store_dir(ret->store->dir, key->base ? CRL_STORE_ROOTS : CRL_STORE_HOMES, true, &above);

	if (rc == 0)
		rc = remove_leftover(above);
	if (rc == 0)
		rc = crl_store_dir(above, NEW, true, &e.dir);
	if (rc == 0)
		rc = fill(&e, key);
	if (rc == 0 && renameat2(above, NEW, above, name, RENAME_NOREPLACE) < 0)
		rc = -errno;
	if (rc == 0 && fsync(above) < 0)
		rc = -errno;
	if (rc < 0)
		return rc;
	ret->owner = e.owner;
	ret->dir = take_fd(&e.dir);
	return 0;
}

int crl_entry_orphan(const struct crl_store *store, const char *name, char ret[CRL_ENTRY_NAME_MAX])
{
	scoped_fd orphans = -EBADF;
	char to[CRL_ENTRY_NAME_MAX];
	struct tm tm;
	char when[32];
	time_t now = time(NULL);
	int rc = crl_store_dir(store->dir, CRL_STORE_ORPHANS, true, &orphans);

	if (rc < 0)
		return rc;
	if (!gmtime_r(&now, &tm) || strftime(when, sizeof(when), "%Y%m%dT%H%M%S", &tm) == 0)
		return -EOVERFLOW;
	for (int i = 0; i < ORPHANS_MAX; i++) {
		int n = snprintf(to, sizeof(to), "%.4s-%.120s-%s-%d", name, name + 5, when, i);

		if (n < 0 || (size_t)n >= sizeof(to) - sizeof(CRL_STORE_ORPHANS))
			return -ENAMETOOLONG;
		if (renameat2(store->dir, name, orphans, to, RENAME_NOREPLACE) == 0) {
			(void)snprintf(ret, CRL_ENTRY_NAME_MAX, CRL_STORE_ORPHANS "/%.140s", to);
			return fsync(orphans) < 0 ? -errno : 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* R3. */
static int move_aside(struct crl_entry *e)
{
	scoped(crl_held) held = CRL_HELD_INIT;
	scoped_fd dir = -EBADF;
	int rc = crl_store_dir(e->store->dir, e->name, false, &dir);

	if (rc == 0)
		rc = crl_entry_hold_still(dir, &held);
	return rc < 0 ? rc : crl_entry_orphan(e->store, e->name, e->orphaned);
}

/* With the store's lock: look again, since another may have done it, and do what is due. */
static int make_or_orphan(struct crl_entry *ret, const struct crl_entry_key *key, struct crl_err *err)
{
	scoped_fd lock = -EBADF;
	int rc = crl_store_lock(ret->store, LOCK_MS, &lock, err);

	if (rc < 0)
		return rc;
	rc = look(ret, key);
	if (rc == -ESTALE) {
		rc = move_aside(ret);
		if (rc == -EBUSY)
			return crl_err_set(
				err, EBUSY, CRL_STAGE_HOME,
				"%s/%s is in use, and not by this user: %s; end those rooms, and give no two "
				"users one uid",
				ret->store->path, ret->name, ret->why);
		if (rc < 0)
			return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot move %s/%s aside (%s): %s",
					   ret->store->path, ret->name, ret->why, strerrordesc_np(-rc));
		rc = -ENOENT;
	}
	if (rc == -ENOENT)
		rc = make(ret, key);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot make %s/%s: %s", ret->store->path, ret->name,
				    strerrordesc_np(-rc))
		      : 0;
}

int crl_entry_open(const struct crl_store *store, const struct crl_entry_key *key, bool make_it, struct crl_entry *ret,
		   struct crl_err *err)
{
	scoped(crl_entry) e = CRL_ENTRY_INIT;
	int rc = name_of(key, e.name);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "\"%s\" is no name of a base", key->base);
	e.store = store;
	rc = look(&e, key);
	if (make_it && (rc == -ENOENT || rc == -ESTALE)) {
		rc = make_or_orphan(&e, key, err);
		if (rc < 0)
			return rc;
	}
	if (rc == -ESTALE)
		return crl_err_set(err, ESTALE, CRL_STAGE_HOME, "%s/%s is not that of \"%s\": %s", store->path, e.name,
				   key->user, e.why);
	if (rc == -ENOENT)
		return crl_err_set(err, ENOENT, CRL_STAGE_HOME, "nothing is kept for \"%s\" in %s/%s", key->user,
				   store->path, e.name);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot use %s/%s: %s", store->path, e.name,
				   rc == -EPERM             ? "it must belong to root with mode 0700"
				   : rc == -EPROTONOSUPPORT ? "its owner record is of another version of carrel's"
							    : strerrordesc_np(-rc));
	*ret = e;
	e.dir = e.lock = -EBADF;
	return 0;
}

void crl_entry_done(struct crl_entry *e)
{
	drop_fd(&e->dir);
	drop_fd(&e->lock);
}
