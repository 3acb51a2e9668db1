// SPDX-License-Identifier: Apache-2.0
/*
 * See ids.h.
 *
 * R1: what was given to a user is theirs for good: it is on record, on the disk, before anything is made with it.
 * R2: a range that meets another user's, or that has an id of an account or a group of the host's, refuses the login,
 *     whoever is to blame and wherever the range comes from.
 */
#include "state/ids.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "store/store.h"

/* What the host's files say. */
struct ids_told {
	struct crl_subid_range uids, gids, recorded; /* of who asks */
	bool small;
	struct crl_subid_ranges other_uids, other_gids; /* in ranges of others */
	struct crl_subid_ranges account_uids, account_gids;
};

static void ids_told_done(struct ids_told *t)
{
	crl_subid_ranges_done(&t->other_uids);
	crl_subid_ranges_done(&t->other_gids);
	crl_subid_ranges_done(&t->account_uids);
	crl_subid_ranges_done(&t->account_gids);
}

static int no_memory(struct crl_err *err)
{
	return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
}

/* "" = it is not there. @ret to be freed */
static int read_etc(const struct crl_ids_wish *w, const char *name, char **ret, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	char path[512];
	size_t len;
	int rc;

	(void)snprintf(path, sizeof(path), "%s/%s", w->etc ? w->etc : "/etc", name);
	rc = crl_path_open_trusted(path, CRL_PATH_FILE, CRL_STAGE_CONFIG, &fd, err);
	if (rc == -ENOENT) {
		*err = (struct crl_err){0};
		*ret = strdup("");
		return *ret ? 0 : no_memory(err);
	}
	if (rc == 0)
		rc = crl_file_read_all(fd, ret, &len);
	return rc < 0 && err->code == 0 ? crl_err_set(err, -rc, CRL_STAGE_CONFIG, "cannot read %s", path) : rc;
}

static int read_subids(const struct crl_ids_wish *w, const char *name, struct crl_subid_range *ret,
		       struct crl_subid_ranges *others, struct crl_err *err)
{
	scoped_free char *text = NULL;
	bool small = false;
	int rc = read_etc(w, name, &text, err);

	if (rc < 0)
		return rc;
	if (crl_subids_read(text, &(struct crl_subid_owner){w->login->user, w->login->uid}, ret, &small, others) < 0)
		return no_memory(err);
	return !small ? 0
		      : crl_err_set(err, ERANGE, CRL_STAGE_CONFIG,
				    "the ranges of %s in /etc/%s are too small, expected one of %u ids", w->login->user,
				    name, CRL_IDS_EACH);
}

static int read_record(const struct crl_ids_wish *w, const struct crl_store *store, struct ids_told *t,
		       struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	scoped_free char *text = NULL;
	const struct crl_subid_owner who = {w->login->user, w->login->uid};
	size_t len;
	int rc;

	if (store->dir < 0)
		return 0;
	fd = openat(store->dir, CRL_IDS_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	rc = fd < 0 ? -errno : crl_file_read_all(fd, &text, &len);
	if (rc == 0)
		rc = crl_subids_read_record(text, &who, &t->recorded, &t->other_uids);
	if (rc == 0)
		rc = crl_subids_read_record(text, &who, &t->recorded, &t->other_gids);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_CONFIG, "%s/" CRL_IDS_FILE ": %s", w->store,
				    rc == -EBADMSG ? "is no record of ids" : strerrordesc_np(-rc))
		      : 0;
}

static int read_accounts(const struct crl_ids_wish *w, const char *name, struct crl_subid_ranges *ret,
			 struct crl_err *err)
{
	scoped_free char *text = NULL;
	int rc = read_etc(w, name, &text, err);

	if (rc == 0 && crl_subids_read_accounts(text, ret) < 0)
		return no_memory(err);
	return rc;
}

static int read_all(const struct crl_ids_wish *w, const struct crl_store *store, struct ids_told *t,
		    struct crl_err *err)
{
	int rc = read_subids(w, "subuid", &t->uids, &t->other_uids, err);

	if (rc == 0)
		rc = read_subids(w, "subgid", &t->gids, &t->other_gids, err);
	if (rc == 0)
		rc = read_accounts(w, "passwd", &t->account_uids, err);
	if (rc == 0)
		rc = read_accounts(w, "group", &t->account_gids, err);
	return rc < 0 ? rc : read_record(w, store, t, err);
}

static int refuse_meeting(const struct crl_ids_wish *w, const char *what, const struct crl_subid_range *r,
			  struct crl_err *err)
{
	return crl_err_set(err, EEXIST, CRL_STAGE_CONFIG,
			   "%s %" PRIu32 " to %" PRIu32 " of %s are others' as well: /etc/subuid, /etc/subgid and "
			   "%s/" CRL_IDS_FILE " have to give each user ids of their own",
			   what, r->first, r->first + r->count - 1, w->login->user, w->store);
}

static int refuse_account(const struct crl_ids_wish *w, const char *what, const struct crl_subid_range *r,
			  struct crl_err *err)
{
	return crl_err_set(err, EEXIST, CRL_STAGE_CONFIG,
			   "%s %" PRIu32 " to %" PRIu32 " of %s have one that is the host's own: no id of /etc/passwd "
			   "or /etc/group may lie in a range that a user's rooms have",
			   what, r->first, r->first + r->count - 1, w->login->user);
}

/* R2. And no login is let into a range that is given to somebody: its root would be over this user. */
static int check(const struct crl_ids_wish *w, const struct ids_told *t, const struct crl_ids *ids, struct crl_err *err)
{
	const struct crl_login *l = w->login;
	const struct crl_subid_range uid = {l->uid, 1}, gid = {l->gid, 1};
	const struct crl_subid_ranges mine[] = {{.item = crl_unconst(&ids->uids), .len = 1},
						{.item = crl_unconst(&ids->gids), .len = 1}};

	if (l->uid == 0 || l->gid == 0)
		return crl_err_set(err, EPERM, CRL_STAGE_CONFIG,
				   "user.mode: %s has uid or primary group 0, which is root's", l->user);
	if (crl_subid_ranges_meet(&t->other_uids, &ids->uids))
		return refuse_meeting(w, "uids", &ids->uids, err);
	if (crl_subid_ranges_meet(&t->other_gids, &ids->gids))
		return refuse_meeting(w, "gids", &ids->gids, err);
	if (crl_subid_ranges_meet(&t->other_uids, &uid) || crl_subid_ranges_meet(&mine[0], &uid))
		return refuse_meeting(w, "the uid's", &uid, err);
	if (crl_subid_ranges_meet(&t->other_gids, &gid) || crl_subid_ranges_meet(&mine[1], &gid))
		return refuse_meeting(w, "the group's", &gid, err);
	if (crl_subid_ranges_meet(&t->account_uids, &ids->uids))
		return refuse_account(w, "uids", &ids->uids, err);
	if (crl_subid_ranges_meet(&t->account_gids, &ids->gids))
		return refuse_account(w, "gids", &ids->gids, err);
	return 0;
}

/* What a new range may not meet: it is one for uids and gids. */
static int find_taken(const struct crl_login *l, const struct ids_told *t, struct crl_subid_ranges *ret)
{
	const struct crl_subid_ranges *told[] = {&t->other_uids, &t->other_gids, &t->account_uids, &t->account_gids};
	int rc = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(told); i++)
		for (size_t j = 0; j < told[i]->len && rc == 0; j++)
			rc = crl_subid_ranges_add(ret, told[i]->item[j].first, told[i]->item[j].count);
	for (uint32_t i = 0; i < l->ngroups && rc == 0; i++)
		rc = crl_subid_ranges_add(ret, l->groups[i], 1);
	if (rc == 0)
		rc = crl_subid_ranges_add(ret, l->uid, 1);
	return rc < 0 ? rc : crl_subid_ranges_add(ret, l->gid, 1);
}

static int allot(const struct crl_ids_wish *w, const struct ids_told *t, struct crl_subid_range *ret,
		 struct crl_err *err)
{
	scoped(crl_subid_ranges) taken = {.len = 0};
	int rc;

	if (find_taken(w->login, t, &taken) < 0)
		return no_memory(err);
	rc = crl_subids_allot(w->login->uid, &w->pool, &taken, ret);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_CONFIG,
				    "subids: no range of %u ids is left for %s between %" PRIu32 " and %" PRIu32,
				    CRL_IDS_EACH, w->login->user, w->pool.first, w->pool.first + w->pool.count - 1)
		      : 0;
}

/* R1 */
static int record(const struct crl_ids_wish *w, const struct crl_store *store, const struct crl_subid_range *r,
		  struct crl_err *err)
{
	scoped_fd fd = openat(store->dir, CRL_IDS_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	scoped_free char *old = NULL, *text = NULL;
	char line[CRL_IDS_RECORD_LINE];
	size_t len = 0;
	int rc = fd < 0 ? (errno == ENOENT ? 0 : -errno) : crl_file_read_all(fd, &old, &len);

	crl_subids_record_line(&(struct crl_subid_owner){w->login->user, w->login->uid}, r, line);
	if (rc == 0 && asprintf(&text, "%s%s", old ? old : CRL_IDS_RECORD, line) < 0) {
		text = NULL;
		rc = -ENOMEM;
	}
	if (rc == 0)
		rc = crl_file_replace(store->dir, &(struct crl_file){.name = CRL_IDS_FILE,
								     .beside = CRL_IDS_FILE ".new",
								     .data = text,
								     .len = strlen(text),
								     .mode = 0600,
								     .durable = true});
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_CONFIG, "cannot note ids in %s/" CRL_IDS_FILE ": %s", w->store,
				    strerrordesc_np(-rc))
		      : 0;
}

/* Only for who needs one the store is made. */
static int allot_locked(const struct crl_ids_wish *w, struct crl_store *store, struct crl_subid_range *ret,
			struct crl_err *err)
{
	scoped(ids_told) t = {.small = false};
	scoped_fd lock = -EBADF;
	int rc = 0;

	if (store->dir < 0 && w->keep)
		rc = crl_store_open(w->store, true, store, err);
	if (rc == 0 && w->keep)
		rc = crl_store_lock(store, w->patience_ms, &lock, err);
	if (rc == 0)
		rc = read_all(w, store, &t, err); /* somebody else may have been here before */
	if (rc < 0)
		return rc;
	*ret = t.recorded;
	if (ret->count > 0)
		return 0;
	rc = allot(w, &t, ret, err);
	return rc == 0 && w->keep ? record(w, store, ret, err) : rc;
}

int crl_ids_find(const struct crl_ids_wish *w, struct crl_ids *ret, struct crl_err *err)
{
	scoped(crl_store) store = {.dir = -EBADF};
	scoped(ids_told) t = {.small = false};
	struct crl_ids ids = {.allotted = false};
	int rc = crl_store_open(w->store, false, &store, err);

	if (rc == -ENOENT) { /* never made: one that is not mounted is another error */
		*err = (struct crl_err){0};
		store.dir = -EBADF;
		rc = 0;
	}
	if (rc == 0)
		rc = read_all(w, &store, &t, err);
	if (rc < 0)
		return rc;
	ids.uids = t.uids;
	ids.gids = t.gids;
	if (t.uids.count == 0 || t.gids.count == 0) {
		ids.allotted = true;
		ids.uids = t.recorded;
		if (ids.uids.count == 0)
			rc = allot_locked(w, &store, &ids.uids, err);
		ids.gids = ids.uids;
	}
	if (rc == 0)
		rc = check(w, &t, &ids, err);
	if (rc == 0)
		*ret = ids;
	return rc;
}
