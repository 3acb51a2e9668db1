// SPDX-License-Identifier: Apache-2.0
/*
 * The root: the host's, an image, or an overlay over one of them; which of the host's mounts stay, what of it is
 * writable, read-only or the user's own. What is hidden, and what stands beneath that, are hide.c's.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "base/path.h"
#include "plan/mounts/build.h"

#include <errno.h>
#include <string.h>

static bool is_in_list(const struct crl_strv *list, const char *path)
{
	for (size_t i = 0; i < list->len; i++)
		if (crl_path_is_within(path, list->item[i]))
			return true;
	return false;
}

/* A host mount that the plan covers anyway is not cloned: it would cost time and tell of itself in mountinfo. */
bool crl_build_is_needed(const struct crl_build *b, const char *path)
{
	return strcmp(path, "/") != 0 && !crl_own_place_of(path) && !is_in_list(&b->policy->hide, path) &&
	       !is_in_list(&b->policy->writable, path) && !crl_build_is_home(b, path);
}

/* @dir  only what is mounted beneath it; NULL = all */
static int keep_mounts(struct crl_build *b, const char *dir)
{
	for (size_t i = 0; i < b->host->mounts_len; i++) {
		const char *at = b->host->mounts[i];
		int rc;

		if (!crl_build_is_needed(b, at) || (dir && (!crl_path_is_within(at, dir) || !strcmp(at, dir))))
			continue;
		rc = CRL_ADD(b, .kind = CRL_MOUNT_KEEP, .source = b->host->mounts[i], .target = b->host->mounts[i],
			     .flags = CRL_OP_OPTIONAL);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A home that is the user's own is writable as it is. */
static int check_in_home(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;

	for (size_t i = 0; i < p->writable.len; i++)
		if (p->home_mode != CRL_HOME_REAL && crl_build_is_home(b, p->writable.item[i]))
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT,
					   "root.writable_paths: \"%s\" is inside the home, which home.mode makes anew",
					   p->writable.item[i]);
	for (size_t i = 0; i < p->read_only.len; i++)
		if (crl_build_is_home(b, p->read_only.item[i]))
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT,
					   "root.read_only: \"%s\" is inside the home, which is the user's to change",
					   p->read_only.item[i]);
	return 0;
}

static int add_writable(struct crl_build *b)
{
	const struct crl_strv *list = &b->policy->writable;

	for (size_t i = 0; i < list->len; i++) {
		const struct crl_mount_op op = crl_build_writable(b, list->item[i]);
		int rc;

		if (crl_own_place_of(list->item[i]))
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT,
					   "root.writable_paths: \"%s\" is the room's own", list->item[i]);
		if (crl_build_comes_later(b, list->item[i]))
			continue;
		rc = crl_build_add(b, &op);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_read_only(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	bool all = crl_policy_outer_is_written(p);

	for (size_t i = 0; i < p->read_only.len; i++) {
		const char *path = p->read_only.item[i];
		int rc;

		/* The root is read-only already where nothing opened it again. */
		if (crl_build_comes_later(b, path) || (!all && !is_in_list(&p->writable, path)))
			continue;
		rc = CRL_ADD(b, .kind = CRL_MOUNT_READ_ONLY, .source = path, .target = path,
			     .flags = CRL_OP_OPTIONAL | CRL_OP_EXEC | CRL_OP_FOLLOW);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The mount of the host that a path is on, "" = the root. */
static const char *mount_of(const struct crl_build *b, const char *path)
{
	const char *best = "";

	for (size_t i = 0; i < b->host->mounts_len; i++) {
		const char *at = b->host->mounts[i];

		if (strcmp(at, "/") != 0 && crl_path_is_within(path, at) && strlen(at) > strlen(best))
			best = at;
	}
	return best;
}

/* An overlay does not show what is mounted in its lower. */
static bool is_apart(const struct crl_build *b, const char *path)
{
	return b->policy->root_mode == CRL_ROOT_OVERLAY && *mount_of(b, path);
}

/* Where the uppers are made; they share their size with /tmp unless the policy has one for them. */
const char *crl_build_upper_place(const struct crl_build *b)
{
	return b->policy->root_size || crl_policy_keeps_root(b->policy) ? "over" : "user";
}

/* Another room's has its layers, and its owners. */
static bool is_given(const struct crl_build *b)
{
	return crl_policy_keeps_root(b->policy) && b->host->root.shared;
}

static int add_kept(struct crl_build *b)
{
	const struct crl_host_home *root = &b->host->root;
	int rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = "over", .mode = 0700);

	if (rc < 0)
		return rc;
	if (root->shared)
		return CRL_ADD(b, .kind = CRL_MOUNT_OVER_SHARED, .target = "over", .number = (uint64_t)root->shared);
	return CRL_ADD(b, .kind = CRL_MOUNT_OVER_KEPT, .target = "over", .number = (uint64_t)root->data);
}

static int add_over(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	int rc;

	if (crl_policy_keeps_root(p))
		return add_kept(b);
	if (!crl_policy_root_is_written(p) || p->root_size == 0)
		return 0;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = "over", .mode = 0700);
	return rc < 0 ? rc
		      : CRL_ADD(b, .kind = CRL_MOUNT_OVER, .target = "over", .number = p->root_size,
				.inodes = p->root_inodes);
}

static int add_root(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	bool image = p->root_mode == CRL_ROOT_IMAGE;
	bool writes = crl_policy_outer_is_written(p);

	const char *source = !image ? "/" : p->root_path ? p->root_path : p->root_image;

	return CRL_ADD(b, .kind = image ? CRL_MOUNT_IMAGE : CRL_MOUNT_ROOT, .source = source, .target = "root",
		       .number = image ? (uint64_t)b->host->image : 0, .data = writes ? crl_build_upper_place(b) : NULL,
		       .flags = CRL_OP_EXEC | (writes ? CRL_OP_WRITABLE : 0));
}

/* Is it beneath another one that is apart already, on the same file system? Then that one's overlay has it. */
static bool comes_along(const struct crl_build *b, size_t at)
{
	const struct crl_strv *own = &b->policy->own;

	for (size_t i = 0; i < own->len; i++)
		if (i != at && crl_path_is_within(own->item[at], own->item[i]) &&
		    (strcmp(own->item[at], own->item[i]) != 0 || i < at) &&
		    !strcmp(mount_of(b, own->item[at]), mount_of(b, own->item[i])))
			return true;
	return false;
}

static bool is_own_of_later(const struct crl_build *b, const char *path)
{
	return crl_own_place_of(path) || crl_build_comes_later(b, path) || crl_build_is_hidden(b, path);
}

/* Before all is made read-only: what is mounted in them is. */
static int add_apart(struct crl_build *b)
{
	const struct crl_strv *own = &b->policy->own;

	for (size_t i = 0; i < own->len; i++) {
		const char *upper = NULL;
		int rc;

		if (!is_apart(b, own->item[i]) || comes_along(b, i) || is_own_of_later(b, own->item[i]))
			continue;
		if (crl_policy_keeps_root(b->policy))
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT,
					   "root.own: \"%s\" is on another file system than the host's root, of which "
					   "alone changes can be persistent",
					   own->item[i]);
		upper = crl_build_text(b, "%s/own-%zu", crl_build_upper_place(b), i);
		if (!upper)
			return -ENOMEM;
		rc = CRL_ADD(b, .kind = CRL_MOUNT_APART, .source = own->item[i], .target = own->item[i], .data = upper,
			     .flags = CRL_OP_OPTIONAL | CRL_OP_EXEC);
		if (rc == 0)
			rc = keep_mounts(b, own->item[i]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Overlays of their own first: they take writes from then on. */
static int add_owned(struct crl_build *b, bool apart)
{
	const struct crl_strv *own = &b->policy->own;
	int rc = 0;

	for (size_t i = 0; i < own->len && rc == 0; i++)
		if (!is_own_of_later(b, own->item[i]) && apart == (is_apart(b, own->item[i]) && !comes_along(b, i)))
			rc = CRL_ADD(b, .kind = CRL_MOUNT_OWN, .target = own->item[i], .uid = b->login->uid,
				     .flags = CRL_OP_OPTIONAL | (apart ? CRL_OP_WRITABLE : 0));
	return rc;
}

static int add_own(struct crl_build *b)
{
	int rc = 0;

	if (!crl_policy_outer_is_written(b->policy) || is_given(b))
		return 0;
	rc = add_owned(b, true);
	if (rc == 0)
		rc = add_owned(b, false);
	return rc;
}

/* What the user can write is nosuid, whatever the policy says of set-user-ID programs. */
static uint32_t protection(const struct crl_policy *p)
{
	if (crl_policy_outer_is_written(p))
		return CRL_OP_WRITABLE;
	/* With a user namespace nobody becomes root but in there. */
	return p->no_new_privs || crl_policy_owns_users(p) ? 0 : CRL_OP_SUID;
}

static int add_base(struct crl_build *b)
{
	if (!b->host->alone)
		return add_root(b);
	if (crl_policy_root_is_written(b->policy))
		return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT,
				   "root.over: without root nothing takes what is written to a root");
	return b->policy->root_mode == CRL_ROOT_IMAGE ? add_root(b) : crl_build_alone(b);
}

/* Of a room without root they have come along. */
static int add_mounts(struct crl_build *b)
{
	int rc;

	if (b->host->alone || b->policy->root_mode == CRL_ROOT_IMAGE)
		return 0;
	rc = keep_mounts(b, NULL);
	return rc < 0 ? rc : add_apart(b);
}

static int protect(struct crl_build *b)
{
	return CRL_ADD(b, .kind = CRL_MOUNT_PROTECT, .flags = protection(b->policy));
}

int crl_build_root(struct crl_build *b)
{
	static int (*const steps[])(struct crl_build * b) = {crl_build_list_hidden,
							     check_in_home,
							     add_over,
							     add_base,
							     add_mounts,
							     protect,
							     add_own,
							     crl_build_brought,
							     crl_build_steering,
							     crl_build_last_program,
							     add_writable,
							     add_read_only};
	int rc = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(steps) && rc == 0; i++)
		rc = steps[i](b);
	return rc;
}
