// SPDX-License-Identifier: Apache-2.0
/*
 * See public.h.
 *
 * R1: what is mounted is what was looked through: one clone of the host's root, in which nothing else is mounted.
 * R2: without a look that holds for now there is no layer, and without a layer no room.
 * R3: copies that a room shows are not removed.
 */
#include "store/public.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/parse.h"
#include "layers/remove.h"
#include "store/public_copy.h"
#include "store/public_mounts.h"
#include "store/public_walk.h"
#include "store/store.h"

#define PLACE "public"
#define LOCK "lock"
#define TREES "trees."
#define FILES "files."
#define NEW "new"
#define SEEN "seen"
#define USE "use"
#define ROOT "r"
#define NAME_SIZE 64
#define WHOLE_S 600 /* after so long all is looked through again */

static int open_place(const char *path, bool make, int *ret_fd, struct crl_err *err)
{
	scoped(crl_store) store = {.dir = -EBADF};
	int rc = crl_store_open(path, make, &store, err);

	if (rc < 0)
		return rc;
	rc = crl_store_dir(store.dir, PLACE, make, ret_fd);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot use %s/" PLACE ": %s", path,
				    rc == -EPERM ? "it must belong to root with mode 0700" : strerrordesc_np(-rc))
		      : 0;
}

static int take_lock(int place, int64_t patience_ms, int *ret_fd)
{
	scoped_fd fd = openat(place, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : crl_flock_within(fd, LOCK_EX, patience_ms);

	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

static int fail_lock(struct crl_err *err, int rc)
{
	return rc == -EWOULDBLOCK ? crl_err_set(err, EBUSY, CRL_STAGE_MOUNT,
						"the host's tree is still being looked through for another login")
				  : crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot lock what the host shows");
}

/* ---- trees -------------------------------------------------------------------------------------------------- */

static int name_trees(const struct crl_public_trees *trees, char ret[NAME_SIZE])
{
	char name[CRL_PUBLIC_NAME_MAX];
	int rc = crl_public_name(trees, name);

	if (rc == 0)
		(void)snprintf(ret, NAME_SIZE, TREES "%s", name);
	return rc;
}

static int read_list(int at, const char *name, struct crl_public_list *ret)
{
	scoped_fd fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : crl_public_read(fd, ret);
}

static int write_list(int at, const char *name, const struct crl_public_text *t)
{
	char beside[NAME_SIZE + 8];
	const struct crl_file f = {.name = name, .beside = beside, .data = t->buf, .len = t->len, .mode = 0600};

	(void)snprintf(beside, sizeof(beside), ".%s", name);
	return crl_file_replace(at, &f);
}

/* One look at the host. */
struct public_look {
	int place;
	int lock; /* of who may write what is found; -EBADF = somebody else is writing it */
	const struct crl_public_trees *trees;
	const struct crl_public_list *old; /* NULL = nothing is known */
};

static int keep(const struct public_look *l, struct crl_public_text *t, bool differ, int *ret_closed)
{
	scoped(crl_public_list) now = {0};
	char name[NAME_SIZE];
	size_t len = t->len;
	int rc = name_trees(l->trees, name);

	if (rc == 0 && !differ)
		return ret_closed ? crl_public_closed(l->old, ret_closed) : 0;
	if (rc == 0 && l->lock >= 0)
		rc = write_list(l->place, name, t);
	if (rc == 0)
		rc = crl_public_parse(take_ptr(t->buf), len, &now);
	if (rc == 0 && ret_closed)
		rc = crl_public_closed(&now, ret_closed);
	return rc;
}

/* @ret_closed  NULL = not wanted. Returns 1 when it is not what was known, 0, or -errno. */
static int look(const struct public_look *l, int *ret_closed, struct crl_err *err)
{
	__attribute__((cleanup(crl_public_text_done))) struct crl_public_text t = {0};
	bool differ;
	int rc = crl_public_walk(l->trees, l->old, &t, &differ, err);

	if (rc < 0)
		return rc;
	rc = keep(l, &t, differ, ret_closed);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot keep what the host shows: %s",
				    strerrordesc_np(-rc))
		      : differ;
}

static int take_trees(int place, const struct crl_public_wish *wish, struct crl_public *ret, struct crl_err *err)
{
	scoped(crl_words) mounts = {0};
	const struct crl_public_trees trees = {
		.show = wish->show, .show_len = wish->show_len, .root = ret->host, .mounts = &mounts};
	scoped(crl_public_list) old = {0};
	scoped_fd lock = -EBADF;
	char name[NAME_SIZE];
	int rc = crl_public_mounts(&mounts), known;

	if (rc == 0)
		rc = name_trees(&trees, name);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot look at the host's root");
	known = read_list(place, name, &old);
	rc = take_lock(place, known < 0 ? wish->patience_ms : 0, &lock);
	if (known < 0 && rc < 0)
		return fail_lock(err, rc);
	if (known < 0) /* another login may have been first */
		known = read_list(place, name, &old);
	rc = look(&(struct public_look){place, lock, &trees, known < 0 ? NULL : &old}, &ret->closed, err); /* R2 */
	return rc < 0 ? rc : 0;
}

/* ---- copies ------------------------------------------------------------------------------------------------- */

/* 0 = there are none. */
static int find_newest(int place, uint64_t *ret)
{
	scoped(crl_dir) dir = {0};
	uint64_t number;
	int rc = crl_dir_open(place, ".", &dir);

	*ret = 0;
	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));)
		if (strncmp(name, FILES, strlen(FILES)) == 0 &&
		    crl_parse_uint(name + strlen(FILES), 1, INT64_MAX, &number) == 0 && number > *ret)
			*ret = number;
	return rc < 0 ? rc : dir.error;
}

/* Whoever removes it has `use` alone. */
static int share(int dir, int *ret_use)
{
	scoped_fd use = openat(dir, USE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (use < 0 || flock(use, LOCK_SH | LOCK_NB) < 0 || fstat(use, &st) < 0)
		return -errno;
	if (st.st_nlink == 0)
		return -ENOENT;
	*ret_use = take_fd(&use);
	return 0;
}

/* The youngest copies, when they are as the host is now (R2). */
static int take_newest(int place, uint64_t number, struct crl_public *ret)
{
	scoped(crl_public_list) seen = {0};
	scoped_fd dir = -EBADF, use = -EBADF;
	char name[NAME_SIZE];
	int rc;

	(void)snprintf(name, sizeof(name), FILES "%" PRIu64, number);
	rc = number ? crl_store_dir(place, name, false, &dir) : -ENOENT;
	if (rc == 0)
		rc = share(dir, &use);
	if (rc == 0)
		rc = read_list(dir, SEEN, &seen);
	if (rc == 0 && !crl_public_is_as_seen(&seen))
		rc = -ESTALE;
	if (rc < 0)
		return rc;
	ret->files = open_tree(dir, ROOT, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	if (ret->files < 0)
		return -errno;
	ret->use = take_fd(&use);
	ret->number = number;
	return 0;
}

/* Fills "new". */
static int copy(int dir, int host, struct crl_public *ret, struct crl_err *err)
{
	__attribute__((cleanup(crl_public_text_done))) struct crl_public_text seen = {0};
	scoped_fd root = -EBADF, use = -EBADF;
	int rc = mkdirat(dir, ROOT, 0755) < 0 ? -errno : 0;

	if (rc == 0) {
		root = openat(dir, ROOT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		use = openat(dir, USE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		rc = root < 0 || use < 0 || fchmod(root, 0755) < 0 || flock(use, LOCK_SH | LOCK_NB) < 0 ? -errno : 0;
	}
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot make copies of the host's files");
	rc = crl_public_copy(host, root, &seen, err);
	if (rc < 0)
		return rc;
	rc = write_list(dir, SEEN, &seen);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot keep what the host's copies were made by");
	ret->files = open_tree(dir, ROOT, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
	if (ret->files < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot clone the host's copies");
	ret->use = take_fd(&use);
	return 0;
}

static int make_files(int place, uint64_t number, struct crl_public *ret, struct crl_err *err)
{
	scoped_fd dir = -EBADF;
	struct crl_remove r = {0};
	char name[NAME_SIZE];
	int rc = crl_remove_tree(place, NEW, &r); /* whoever was killed */

	if (rc == 0)
		rc = crl_store_dir(place, NEW, true, &dir);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot make copies of the host's files: %s",
				   strerrordesc_np(-rc));
	rc = copy(dir, ret->host, ret, err);
	if (rc < 0)
		return rc;
	ret->number = number;
	(void)snprintf(name, sizeof(name), FILES "%" PRIu64, number);
	return renameat(place, NEW, place, name) < 0
		       ? crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot keep copies of the host's files")
		       : 0;
}

static int take_files(int place, const struct crl_public_wish *wish, struct crl_public *ret, struct crl_err *err)
{
	scoped_fd lock = -EBADF;
	uint64_t number;
	int rc = find_newest(place, &number);

	if (rc == 0 && take_newest(place, number, ret) == 0)
		return 0;
	if (rc == 0)
		rc = take_lock(place, wish->patience_ms, &lock);
	if (rc < 0)
		return fail_lock(err, rc);
	rc = find_newest(place, &number);
	if (rc == 0 && take_newest(place, number, ret) == 0) /* another login was first */
		return 0;
	return rc < 0 ? fail_lock(err, rc) : make_files(place, number + 1, ret, err);
}

/* ---- both --------------------------------------------------------------------------------------------------- */

static int map(int mount, int ids, const char *what, struct crl_err *err)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV,
				  .propagation = MS_PRIVATE,
				  .userns_fd = (uint64_t)ids};

	if (mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
		return 0;
	if (errno == EINVAL)
		return crl_err_set(err, EOPNOTSUPP, CRL_STAGE_MOUNT,
				   "the file system of %s cannot map owners on this kernel: ext4, xfs and btrfs can",
				   what);
	return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot map owners of %s", what);
}

int crl_public_take(const struct crl_public_wish *wish, struct crl_public *ret, struct crl_err *err)
{
	scoped_fd place = -EBADF;
	int rc = open_place(wish->store, true, &place, err);

	if (rc < 0)
		return rc;
	ret->host = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC); /* R1 */
	if (ret->host < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot clone the host's root");
	rc = take_trees(place, wish, ret, err);
	return rc < 0 ? rc : take_files(place, wish, ret, err);
}

int crl_public_map(const struct crl_public *p, const char *store, int ids, struct crl_err *err)
{
	int rc = map(p->host, ids, "the host's root", err);

	return rc < 0 ? rc : map(p->files, ids, store, err);
}

int crl_public_hold(const char *store, uint64_t number, int *ret_use, struct crl_err *err)
{
	scoped_fd place = -EBADF, dir = -EBADF;
	char name[NAME_SIZE];
	int rc = open_place(store, false, &place, err);

	if (rc < 0)
		return rc;
	(void)snprintf(name, sizeof(name), FILES "%" PRIu64, number);
	rc = crl_store_dir(place, name, false, &dir);
	if (rc == 0)
		rc = share(dir, ret_use);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT,
				    "copies of the host's files are gone that another room has")
		      : 0;
}

void crl_public_done(struct crl_public *p)
{
	drop_fd(&p->files);
	drop_fd(&p->host);
	drop_fd(&p->closed);
	drop_fd(&p->use);
}

/* Returns 1 when it is gone, else 0. */
static int remove_files(int place, const char *name)
{
	scoped_fd dir = -EBADF, use = -EBADF;
	struct crl_remove r = {0};
	int rc = crl_store_dir(place, name, false, &dir);

	if (rc == 0) {
		use = openat(dir, USE, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
		rc = use < 0 || flock(use, LOCK_EX | LOCK_NB) < 0 ? -errno : unlinkat(dir, USE, 0); /* R3 */
	}
	if (rc < 0 && rc != -ENOENT)
		return 0;
	return crl_remove_tree(place, name, &r) == 0;
}

static int sweep_files(int place)
{
	scoped(crl_dir) dir = {0};
	uint64_t newest, number;
	int many = 0, rc = find_newest(place, &newest);

	if (rc == 0)
		rc = crl_dir_open(place, ".", &dir);
	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));)
		if (strncmp(name, FILES, strlen(FILES)) == 0 &&
		    crl_parse_uint(name + strlen(FILES), 1, INT64_MAX, &number) == 0 && number != newest)
			many += remove_files(place, name);
	return rc < 0 ? rc : many;
}

/* What had been asked for, out of what was found. @ret  absolute names in one text, owned; *ret_show into it */
static int recall(const struct crl_public_list *list, char **ret, const char ***ret_show, size_t *ret_len)
{
	size_t size = 1, used = 0;

	for (size_t i = 0; i < list->len; i++)
		size += list->item[i].kind == CRL_PUBLIC_NAMED ? strlen(list->item[i].path) + 2 : 0;
	*ret = malloc(size);
	*ret_show = calloc(list->len + 1, sizeof(**ret_show));
	*ret_len = 0;
	if (!*ret || !*ret_show)
		return -ENOMEM;
	for (size_t i = 0; i < list->len; i++) {
		if (list->item[i].kind != CRL_PUBLIC_NAMED)
			continue;
		(*ret_show)[(*ret_len)++] = *ret + used;
		used += (size_t)snprintf(*ret + used, size - used, "/%s", list->item[i].path) + 1;
	}
	return 0;
}

/* @ours  what is looked through again, but for what had been asked for */
static int look_again(int place, const char *name, const struct crl_public_trees *ours, int lock)
{
	scoped(crl_public_list) old = {0};
	scoped_free const char **show = NULL;
	scoped_free char *text = NULL;
	char mine[NAME_SIZE];
	struct crl_public_trees trees = *ours;
	int rc = read_list(place, name, &old);

	if (rc == 0 && crl_boot_ms() / 1000 < old.whole_s + WHOLE_S)
		return 0;
	if (rc == 0)
		rc = recall(&old, &text, &show, &trees.show_len);
	trees.show = show;
	if (rc == 0)
		rc = name_trees(&trees, mine);
	if (rc < 0 || strcmp(mine, name) != 0) /* of another boot, or of another root */
		return unlinkat(place, name, 0) < 0 ? 0 : 1;
	rc = look(&(struct public_look){place, lock, &trees, NULL}, NULL, NULL);
	return rc < 0 ? (unlinkat(place, name, 0) < 0 ? 0 : 1) : rc; /* R2 */
}

static int sweep_trees(int place, int lock)
{
	scoped_fd root = open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	scoped(crl_words) mounts = {0};
	const struct crl_public_trees trees = {.root = root, .mounts = &mounts};
	scoped(crl_dir) dir = {0};
	int many = 0, rc = root < 0 ? -errno : crl_public_mounts(&mounts);

	if (rc == 0)
		rc = crl_dir_open(place, ".", &dir);

	for (const char *name; rc == 0 && (name = crl_dir_next(&dir));)
		if (strncmp(name, TREES, strlen(TREES)) == 0)
			many += look_again(place, name, &trees, lock);
	return rc < 0 ? rc : many;
}

/* A store that others can change is told where somebody wants to use it. Here it matters if something is in it. */
static bool has_place(const char *store)
{
	scoped_fd dir = open(store, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return dir >= 0 && faccessat(dir, PLACE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int crl_public_sweep(const char *store, struct crl_err *err)
{
	scoped_fd place = -EBADF, lock = -EBADF;
	struct crl_err none = {0};
	int rc = open_place(store, false, &place, &none), files;

	if (rc == -ENOENT || (rc < 0 && !has_place(store)))
		return 0;
	if (rc == 0)
		rc = take_lock(place, 0, &lock);
	if (rc == -EWOULDBLOCK)
		return 0;
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot tidy %s/" PLACE, store);
	files = sweep_files(place);
	rc = sweep_trees(place, lock);
	rc = files < 0 ? files : rc;
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot tidy %s/" PLACE, store) : rc + files;
}
