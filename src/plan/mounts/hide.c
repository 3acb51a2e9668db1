// SPDX-License-Identifier: Apache-2.0
/*
 * What is hidden, what of it is shown again, and what is bound.
 *
 * The most specific path decides: an entry beneath another one's path comes after it, so that a directory can be shown
 * out of a hidden one, and something in it be hidden again.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "base/path.h"
#include "plan/mounts/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum what { HIDDEN, WRITABLE, READ_ONLY, BOUND };

struct hide_entry {
	const char *path;
	enum what what;
	size_t at; /* in the list that it comes from */
	size_t order; /* of those whose paths are equally long */
};

struct entries {
	struct hide_entry *item; /* to be freed */
	size_t len;
};

static bool is_beneath(const char *path, const char *dir)
{
	return crl_path_is_within(path, dir) && strcmp(path, dir) != 0;
}

static bool is_kernel(const char *path)
{
	return crl_path_is_within(path, "/proc") || crl_path_is_within(path, "/sys");
}

static size_t longest(const struct crl_strv *list, const char *path)
{
	size_t best = 0;

	for (size_t i = 0; i < list->len; i++)
		if (crl_path_is_within(path, list->item[i]) && strlen(list->item[i]) > best)
			best = strlen(list->item[i]);
	return best;
}

static size_t longest_hidden(const struct crl_build *b, const char *path)
{
	size_t best = 0;

	for (size_t i = 0; i < b->hidden_len; i++)
		if (crl_path_is_within(path, b->hidden[i].path) && strlen(b->hidden[i].path) > best)
			best = strlen(b->hidden[i].path);
	return best;
}

bool crl_build_is_hidden(const struct crl_build *b, const char *path)
{
	size_t hidden = longest_hidden(b, path);

	return hidden > longest(&b->policy->writable, path) && hidden >= longest(&b->policy->read_only, path);
}

/* What is beneath a bind's target comes after the bind. */
static bool is_beneath_bind(const struct crl_build *b, const char *path)
{
	for (size_t i = 0; i < b->policy->bind_len; i++)
		if (is_beneath(path, b->policy->bind[i].target))
			return true;
	return false;
}

/* Beneath something hidden, and shown all the same? At the path of an entry that hides, that one counts. */
static bool is_shown_again(const struct crl_build *b, const char *path)
{
	size_t hidden = longest_hidden(b, path);

	return hidden > 0 && hidden < strlen(path) && !is_beneath_bind(b, path) && !crl_own_place_of(path);
}

bool crl_build_comes_later(const struct crl_build *b, const char *path)
{
	return crl_build_is_home(b, path) || is_beneath_bind(b, path) || is_shown_again(b, path);
}

struct crl_mount_op crl_build_writable(const struct crl_build *b, const char *path)
{
	bool optional = crl_strv_has(&b->policy->writable_optional, path);

	return (struct crl_mount_op){.kind = CRL_MOUNT_WRITABLE,
				     .source = path,
				     .target = path,
				     .flags = CRL_OP_WRITABLE | CRL_OP_EXEC | CRL_OP_FOLLOW |
					      (optional ? CRL_OP_OPTIONAL : 0)};
}

static bool has_beneath(const struct crl_strv *list, const char *dir)
{
	for (size_t i = 0; i < list->len; i++)
		if (is_beneath(list->item[i], dir))
			return true;
	return false;
}

/*
 * Profiles for carrel run are no secret, as the rest of carrel's configuration may be. Whoever hides them by name, or
 * all that they are in, has them hidden. An image has its own carrel, with that one's.
 */
static bool shows_profiles(const struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	const size_t len = strlen(CRL_OWN_CONFIG);

	return b->host->profiles && p->root_mode != CRL_ROOT_IMAGE && longest(&p->hide, CRL_PROFILES_DIR) == len &&
	       longest(&p->writable, CRL_PROFILES_DIR) < len && longest(&p->read_only, CRL_PROFILES_DIR) <= len &&
	       !is_beneath_bind(b, CRL_OWN_CONFIG);
}

/* Does the plan put something beneath this hidden directory? Then it gets one of its own, with room for that. */
static bool is_host_to_more(const struct crl_build *b, const char *path)
{
	if (crl_path_is_within(b->login->home, path) || has_beneath(&b->policy->writable, path) ||
	    has_beneath(&b->policy->read_only, path))
		return true;
	if (shows_profiles(b) && crl_path_is_within(CRL_PROFILES_DIR, path))
		return true;
	for (size_t i = 0; i < b->fixed_len; i++)
		if (crl_path_is_within(b->fixed[i].path, path))
			return true;
	for (size_t i = 0; i < b->policy->bind_len; i++)
		if (crl_path_is_within(b->policy->bind[i].target, path))
			return true;
	return false;
}

int crl_build_list_hidden(struct crl_build *b)
{
	for (size_t i = 0; i < b->policy->hide.len; i++) {
		const char *path = b->policy->hide.item[i];
		struct crl_build_fixed *h = &b->hidden[b->hidden_len];

		/* One that is the home is covered as well: whether it is one is only known when it is looked at. */
		if (strcmp(path, b->login->home) != 0 && crl_build_is_home(b, path))
			return crl_err_set(b->err, EINVAL, CRL_STAGE_MOUNT,
					   "root.hide: \"%s\" is inside the home, which is the user's to change", path);
		*h = (struct crl_build_fixed){.path = path, .tree = CRL_TREE_SYSTEM};
		if (is_host_to_more(b, path)) {
			h->dir = crl_build_text(b, "hide-%zu", i);
			if (!h->dir)
				return -ENOMEM;
		}
		b->hidden_len++;
	}
	return 0;
}

static int by_length(const void *a, const void *b)
{
	const struct hide_entry *x = a, *y = b;
	size_t m = strlen(x->path), n = strlen(y->path);

	return m != n ? (m > n) - (m < n) : (x->order > y->order) - (x->order < y->order);
}

static void put(struct entries *e, const char *path, enum what what, size_t at)
{
	e->item[e->len] = (struct hide_entry){.path = path, .what = what, .at = at, .order = e->len};
	e->len++;
}

static int begin(struct crl_build *b, struct entries *e)
{
	const struct crl_policy *p = b->policy;

	e->item = calloc(b->hidden_len + p->writable.len + p->read_only.len + p->bind_len + 1, sizeof(*e->item));
	return e->item ? 0 : crl_err_set(b->err, ENOMEM, CRL_STAGE_MOUNT, "no memory for the mount plan");
}

/* Of those above it the nearest: what decides what stands there until this entry comes. NULL = the root. */
static const struct hide_entry *above(const struct entries *e, size_t at)
{
	for (size_t i = at; i-- > 0;)
		if (crl_path_is_within(e->item[at].path, e->item[i].path))
			return &e->item[i];
	return NULL;
}

static int add_hidden(struct crl_build *b, const struct crl_build_fixed *h)
{
	int rc = 0;

	if (h->dir)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = h->dir, .mode = 0755);
	if (rc == 0)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_HIDE, .source = h->dir, .target = h->path,
			     .flags = CRL_OP_OPTIONAL | CRL_OP_FOLLOW);
	return rc;
}

/*
 * @in  what it lies in. Out of a hidden directory the host's is shown: an image's own is behind what hides it.
 */
static int add_read_only(struct crl_build *b, const char *path, enum what in)
{
	struct crl_mount_op op = {.kind = CRL_MOUNT_READ_ONLY,
				  .source = path,
				  .target = path,
				  .flags = CRL_OP_OPTIONAL | CRL_OP_EXEC | CRL_OP_FOLLOW};

	if (in == READ_ONLY)
		return 0;
	if (in != HIDDEN)
		return crl_build_add(b, &op);
	if (b->policy->root_mode == CRL_ROOT_IMAGE)
		return crl_err_set(
			b->err, EINVAL, CRL_STAGE_MOUNT,
			"root.read_only: \"%s\" is beneath an entry of root.hide, out of which nothing of an "
			"image can be shown",
			path);
	op.kind = CRL_MOUNT_BIND;
	return crl_build_add_placed(b, op);
}

static int add_bind(struct crl_build *b, const struct crl_bind *bind)
{
	uint32_t flags = CRL_OP_EXEC;

	flags |= bind->writable ? CRL_OP_WRITABLE : 0;
	/* Where /var/mail is root's link to spool/mail, its file is shown there, and no fault here. */
	flags |= bind->optional ? CRL_OP_OPTIONAL | CRL_OP_FOLLOW : 0;
	/* A device is bound to be used. */
	flags |= crl_path_is_within(bind->target, "/dev") ? CRL_OP_DEVICES : 0;
	return crl_build_add_placed(
		b, (struct crl_mount_op){
			   .kind = CRL_MOUNT_BIND, .source = bind->source, .target = bind->target, .flags = flags});
}

static int add_entry(struct crl_build *b, const struct entries *e, size_t at)
{
	const struct hide_entry *entry = &e->item[at], *over = above(e, at);
	const struct crl_mount_op op = crl_build_writable(b, entry->path);
	enum what in = over ? over->what : HIDDEN;

	switch (entry->what) {
	case HIDDEN: /* nothing to do for what another entry hides */
		return over && in == HIDDEN ? 0 : add_hidden(b, &b->hidden[entry->at]);
	case WRITABLE:
		if (in != HIDDEN)
			return crl_build_add(b, &op);
		return crl_build_add_placed(b, op);
	case READ_ONLY:
		return add_read_only(b, entry->path, in);
	case BOUND:
		return add_bind(b, &b->policy->bind[entry->at]);
	}
	return 0;
}

static int add_entries(struct crl_build *b, struct entries *e)
{
	int rc = 0;

	if (e->len > 1)
		qsort(e->item, e->len, sizeof(*e->item), by_length);
	for (size_t i = 0; i < e->len && rc == 0; i++)
		rc = add_entry(b, e, i);
	return rc;
}

/* The lists that stand beneath what is hidden, or bound: those that @comes says yes to. */
static void put_shown(const struct crl_build *b, struct entries *e,
		      bool (*comes)(const struct crl_build *b, const char *path))
{
	const struct crl_strv *list[] = {&b->policy->writable, &b->policy->read_only};

	for (size_t k = 0; k < CRL_ARRAY_LEN(list); k++)
		for (size_t i = 0; i < list[k]->len; i++)
			if (!crl_build_is_home(b, list[k]->item[i]) && comes(b, list[k]->item[i]))
				put(e, list[k]->item[i], k == 0 ? WRITABLE : READ_ONLY, i);
}

/* Nothing to hide in what the room has of its own. */
static bool is_of_phase(const struct crl_build *b, const char *path, bool kernel)
{
	if (is_kernel(path) || kernel)
		return is_kernel(path) && kernel;
	return !crl_own_place_of(path) && !is_beneath_bind(b, path);
}

/* Out of what hides the rest of the configuration. */
static int add_profiles(struct crl_build *b)
{
	if (!shows_profiles(b))
		return 0;
	return crl_build_add_placed(b, (struct crl_mount_op){.kind = CRL_MOUNT_BIND,
							     .source = CRL_PROFILES_DIR,
							     .target = CRL_PROFILES_DIR,
							     .flags = CRL_OP_OPTIONAL});
}

int crl_build_hide(struct crl_build *b, bool kernel)
{
	struct entries e = {.len = 0};
	int rc = begin(b, &e);

	for (size_t i = 0; i < b->hidden_len && rc == 0; i++)
		if (is_of_phase(b, b->hidden[i].path, kernel))
			put(&e, b->hidden[i].path, HIDDEN, i);
	if (rc == 0 && !kernel)
		put_shown(b, &e, is_shown_again);
	if (rc == 0)
		rc = add_entries(b, &e);
	if (rc == 0 && !kernel)
		rc = add_profiles(b);
	free(e.item);
	return rc;
}

int crl_build_binds(struct crl_build *b)
{
	struct entries e = {.len = 0};
	int rc = begin(b, &e);

	for (size_t i = 0; i < b->policy->bind_len && rc == 0; i++)
		put(&e, b->policy->bind[i].target, BOUND, i);
	for (size_t i = 0; i < b->hidden_len && rc == 0; i++)
		if (is_beneath_bind(b, b->hidden[i].path))
			put(&e, b->hidden[i].path, HIDDEN, i);
	if (rc == 0)
		put_shown(b, &e, is_beneath_bind);
	if (rc == 0)
		rc = add_entries(b, &e);
	free(e.item);
	return rc;
}
