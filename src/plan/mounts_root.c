// SPDX-License-Identifier: Apache-2.0
/*
 * The root: which of the host's mounts stay, what is writable, what is hidden, what is bound.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/mounts_build.h"

#include <errno.h>
#include <string.h>

static bool is_in_list(const struct crl_strv *list, const char *path)
{
	for (size_t i = 0; i < list->len; i++)
		if (crl_path_is_within(path, list->item[i]))
			return true;
	return false;
}

/* A host mount that the plan covers anyway is not cloned: it would cost time and tell of itself in mountinfo.
 */
static bool is_needed(const struct crl_build *b, const char *path)
{
	return strcmp(path, "/") != 0 && !crl_build_is_fixed(b, path) &&
	       !is_in_list(&b->policy->hide, path) && !is_in_list(&b->policy->writable, path) &&
	       !crl_path_is_within(path, b->login->home);
}

static int keep_mounts(struct crl_build *b)
{
	for (size_t i = 0; i < b->host->mounts_len; i++) {
		int rc;

		if (!is_needed(b, b->host->mounts[i]))
			continue;
		rc = CRL_ADD(b, .kind = CRL_MOUNT_KEEP, .source = b->host->mounts[i],
			     .target = b->host->mounts[i], .flags = CRL_OP_OPTIONAL);
		if (rc)
			return rc;
	}
	return 0;
}

static int add_writable(struct crl_build *b)
{
	const struct crl_strv *list = &b->policy->writable;

	for (size_t i = 0; i < list->len; i++) {
		int rc;

		if (crl_build_is_fixed(b, list->item[i]))
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT,
					   "root.writable_paths: \"%s\" is the room's own", list->item[i]);
		rc = CRL_ADD(b, .kind = CRL_MOUNT_WRITABLE, .source = list->item[i], .target = list->item[i],
			     .flags = CRL_OP_WRITABLE | CRL_OP_EXEC | CRL_OP_FOLLOW);
		if (rc)
			return rc;
	}
	return 0;
}

static int add_read_only(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	bool all = p->root_mode == CRL_ROOT_IMAGE && p->root_writable;

	for (size_t i = 0; i < p->read_only.len; i++) {
		const char *path = p->read_only.item[i];
		int rc;

		/* The root is read-only already where nothing opened it again. */
		if (!all && !is_in_list(&p->writable, path))
			continue;
		rc = CRL_ADD(b, .kind = CRL_MOUNT_READ_ONLY, .source = path, .target = path,
			     .flags = CRL_OP_OPTIONAL | CRL_OP_EXEC | CRL_OP_FOLLOW);
		if (rc)
			return rc;
	}
	return 0;
}

/* Does the plan put something beneath this hidden directory? Then it gets one of its own, with room for that.
 */
static bool is_host_to_more(const struct crl_build *b, const char *path)
{
	if (crl_path_is_within(b->login->home, path))
		return true;
	for (size_t i = 0; i < b->fixed_len; i++)
		if (crl_path_is_within(b->fixed[i].path, path))
			return true;
	for (size_t i = 0; i < b->policy->bind_len; i++)
		if (crl_path_is_within(b->policy->bind[i].target, path))
			return true;
	return false;
}

static int list_hidden(struct crl_build *b)
{
	for (size_t i = 0; i < b->policy->hide.len; i++) {
		const char *path = b->policy->hide.item[i];
		struct crl_place *h = &b->hidden[b->hidden_len];

		if (!strcmp(path, b->login->home))
			continue;
		if (crl_path_is_within(path, b->login->home))
			return crl_err_set(
				b->err, EINVAL, CRL_STAGE_MOUNT,
				"root.hide: \"%s\" is inside the home, which is the user's to change", path);
		*h = (struct crl_place){.path = path, .tree = CRL_TREE_SYSTEM};
		if (is_host_to_more(b, path)) {
			h->dir = crl_build_text(b, "hide-%zu", i);
			if (!h->dir)
				return -ENOMEM;
		}
		b->hidden_len++;
	}
	return 0;
}

/* What the user can write is nosuid, whatever the policy says of set-user-ID programs. */
static uint32_t protection(const struct crl_policy *p)
{
	if (p->root_mode == CRL_ROOT_IMAGE && p->root_writable)
		return CRL_OP_WRITABLE;
	return p->no_new_privs ? 0 : CRL_OP_SUID;
}

int crl_build_root(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	int rc = list_hidden(b);

	if (!rc && p->root_mode == CRL_ROOT_IMAGE)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_IMAGE, .source = p->root_path, .target = "root",
			     .flags = CRL_OP_EXEC | (p->root_writable ? CRL_OP_WRITABLE : 0));
	if (!rc && p->root_mode == CRL_ROOT_HOST)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_ROOT, .source = "/", .target = "root",
			     .flags = CRL_OP_EXEC);
	if (!rc && p->root_mode == CRL_ROOT_HOST)
		rc = keep_mounts(b);
	if (!rc)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_PROTECT, .flags = protection(p));
	if (!rc)
		rc = add_writable(b);
	if (!rc)
		rc = add_read_only(b);
	return rc;
}

static bool is_kernel(const char *path)
{
	return crl_path_is_within(path, "/proc") || crl_path_is_within(path, "/sys");
}

/* Nothing to do for what another entry hides, or for what the room has its own of. */
static bool is_redundant(const struct crl_build *b, size_t at)
{
	const char *path = b->hidden[at].path;

	if (!is_kernel(path) && crl_build_is_fixed(b, path))
		return true;
	for (size_t i = 0; i < b->hidden_len; i++)
		if (i != at && crl_path_is_within(path, b->hidden[i].path) &&
		    (i < at || strcmp(path, b->hidden[i].path) != 0))
			return true;
	return false;
}

int crl_build_hide(struct crl_build *b, bool kernel)
{
	for (size_t i = 0; i < b->hidden_len; i++) {
		const struct crl_place *h = &b->hidden[i];
		int rc = 0;

		if (is_kernel(h->path) != kernel || is_redundant(b, i))
			continue;
		if (h->dir)
			rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = h->dir,
				     .mode = 0755);
		if (!rc)
			rc = CRL_ADD(b, .kind = CRL_MOUNT_HIDE, .source = h->dir, .target = h->path,
				     .flags = CRL_OP_OPTIONAL | CRL_OP_FOLLOW);
		if (rc)
			return rc;
	}
	return 0;
}

int crl_build_binds(struct crl_build *b)
{
	for (size_t i = 0; i < b->policy->bind_len; i++) {
		const struct crl_bind *bind = &b->policy->bind[i];
		uint32_t flags = CRL_OP_EXEC;
		int rc;

		flags |= bind->writable ? CRL_OP_WRITABLE : 0;
		flags |= bind->optional ? CRL_OP_OPTIONAL : 0;
		/* A device is bound to be used. */
		flags |= crl_path_is_within(bind->target, "/dev") ? CRL_OP_DEVICES : 0;
		rc = crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_BIND,
								   .source = bind->source,
								   .target = bind->target,
								   .flags = flags});
		if (rc)
			return rc;
	}
	return 0;
}
