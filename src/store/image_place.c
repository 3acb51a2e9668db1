// SPDX-License-Identifier: Apache-2.0
/*
 * See image_place.h, and image_attach.h for who has an image. R1: STATE/images is root's, and nobody else looks into
 * it: images are mounted there with the set-user-ID programs that they have. R2: nobody is noted or forgotten, and
 * nothing is mounted or detached, without the lock.
 */
#include "store/image_place.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/dir.h"
#include "store/hostns.h"
#include "store/image_attach.h"
#include "store/store.h"

#define ROOT "root"
#define USERS "users"
#define LOCK "lock"
#define RETRY_MS 10
#define STACKED_MAX 16 /* mounts that may lie over each other, by whatever accident */

static bool is_mounted(int fd)
{
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) == 0 && st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* A mount of the directory upon itself. Whoever is first; it lasts no longer than this. */
static int cover(int state, int *images)
{
	scoped_fd clone = -EBADF, again = -EBADF;
	/* Who has it makes two mounts and asks no server. */
	int rc = flock(*images, LOCK_EX) < 0 ? -errno : crl_store_dir(state, CRL_IMAGES_DIR, false, &again);

	if (rc == 0 && !is_mounted(again)) {
		clone = open_tree(*images, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		if (clone < 0 || move_mount(clone, "", *images, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
			return -errno;
		drop_fd(&again);
		rc = crl_store_dir(state, CRL_IMAGES_DIR, false, &again);
	}
	if (rc < 0)
		return rc;
	drop_fd(images);
	*images = take_fd(&again);
	return 0;
}

/*
 * /run is shared as a rule: what is mounted below it would appear in each service that has mounts of its own. A mount
 * that is attached to a shared one is shared as well, until it is told otherwise.
 */
static int make_private(int state, int *images)
{
	struct mount_attr private = {.propagation = MS_PRIVATE};
	int rc = is_mounted(*images) ? 0 : cover(state, images);

	if (rc == 0 && mount_setattr(*images, "", AT_EMPTY_PATH, &private, sizeof(private)))
		rc = -errno;
	return rc;
}

/* STATE/images. @make  it, with what it needs for mounts */
static int open_images(const char *path, bool make, int *ret_fd)
{
	scoped_fd state = -EBADF, images = -EBADF;
	int rc = crl_store_dir(AT_FDCWD, path, make, &state); /* R1 */

	if (rc == 0)
		rc = crl_store_dir(state, CRL_IMAGES_DIR, make, &images);
	if (rc == 0 && make)
		rc = make_private(state, &images);
	if (rc == 0)
		*ret_fd = take_fd(&images);
	return rc;
}

static void name_place(const struct crl_image *image, char ret[CRL_SHA256_TEXT])
{
	struct crl_sha256 s;

	crl_sha256_begin(&s);
	crl_sha256_add(&s, image->name, strlen(image->name) + 1);
	crl_sha256_add(&s, image->digest, strlen(image->digest));
	crl_sha256_end(&s, ret);
}

static int take_lock(int place, int64_t until_ms, int *ret_fd)
{
	scoped_fd fd = openat(place, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | (until_ms ? LOCK_NB : 0)) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (until_ms && crl_now_ms() >= until_ms)
			return -ETIMEDOUT;
		crl_pause_ms(RETRY_MS);
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int crl_image_place_open(const char *state, const struct crl_image *image, int64_t until_ms,
			 struct crl_image_place *ret, struct crl_err *err)
{
	char name[CRL_SHA256_TEXT];
	scoped_fd images = -EBADF;
	int rc = open_images(state, true, &images);

	name_place(image, name);
	if (rc == 0)
		rc = crl_store_dir(images, name, true, &ret->dir);
	if (rc == 0 && until_ms >= 0)
		rc = take_lock(ret->dir, until_ms, &ret->lock);
	if (rc == -EPERM)
		return crl_err_set(err, EPERM, CRL_STAGE_STATE,
				   "%s/" CRL_IMAGES_DIR " must belong to root with mode 0700", state);
	if (rc == -ETIMEDOUT)
		return crl_err_set(err, ETIMEDOUT, CRL_STAGE_MOUNT,
				   "the image is still being checked for another login: its file is large (carrelctl "
				   "image verify does it beforehand)");
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot open %s/" CRL_IMAGES_DIR, state);
	return 0;
}

void crl_image_place_done(struct crl_image_place *place)
{
	drop_fd(&place->dir);
	drop_fd(&place->lock);
}

int crl_image_place_look(const char *state, const struct crl_image *image, int *ret_place)
{
	char name[CRL_SHA256_TEXT];
	scoped_fd images = -EBADF;
	int rc = open_images(state, false, &images);

	name_place(image, name);
	return rc < 0 ? rc : crl_store_dir(images, name, false, ret_place);
}

int crl_image_place_mount(int place, int *ret_mount)
{
	scoped_fd fd = openat(place, ROOT, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!is_mounted(fd))
		return -ENOENT;
	*ret_mount = take_fd(&fd);
	return 0;
}

/* All that is mounted there. Those who have a clone of it keep it. */
static int clear(int place)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/" ROOT, place);
	for (int i = 0; i < STACKED_MAX; i++) {
		scoped_fd there = -EBADF;
		int rc = crl_image_place_mount(place, &there);

		if (rc < 0)
			return rc == -ENOENT ? 0 : rc;
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return -errno;
	}
	return -EBUSY;
}

int crl_image_place_put(int place, int mount)
{
	int rc;

	if (mkdirat(place, ROOT, 0700) < 0 && errno != EEXIST)
		return -errno;
	rc = clear(place);
	if (rc == 0 && move_mount(mount, "", place, ROOT, MOVE_MOUNT_F_EMPTY_PATH))
		rc = -errno;
	return rc;
}

int crl_image_place_note(int place, const char *room)
{
	scoped_fd users = -EBADF, fd = -EBADF;
	int rc = strchr(room, '/') || room[0] == '.' ? -EINVAL : crl_store_dir(place, USERS, true, &users);

	if (rc < 0)
		return rc;
	fd = openat(users, room, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : 0;
}

/* ---- who has what ------------------------------------------------------------------------------------------- */

static int add_users(int images, const char *name, struct crl_words *ret)
{
	scoped_fd place = -EBADF;
	scoped(crl_dir) dir = {0};
	int rc = crl_store_dir(images, name, false, &place);

	if (rc == 0)
		rc = crl_dir_open(place, USERS, &dir);
	for (const char *id; rc == 0 && (id = crl_dir_next(&dir));)
		rc = crl_words_add(ret, id);
	return rc == -ENOENT ? 0 : rc;
}

int crl_image_users(const char *state, const struct crl_image *image, struct crl_words *ret)
{
	char place[CRL_SHA256_TEXT];
	scoped_fd images = -EBADF;
	scoped(crl_dir) dir = {0};
	int rc = open_images(state, false, &images);

	if (image)
		name_place(image, place);
	if (rc == 0 && image)
		rc = add_users(images, place, ret);
	else if (rc == 0)
		rc = crl_dir_open(images, ".", &dir);
	for (const char *name; rc == 0 && !image && (name = crl_dir_next(&dir));)
		if (crl_sha256_is_text(name))
			rc = add_users(images, name, ret);
	crl_words_sort(ret);
	return rc == -ENOENT ? 0 : rc;
}

/* Returns how many are left, or -errno. */
static int forget(int place, const struct crl_words *gone)
{
	scoped(crl_dir) dir = {0};
	int left = 0, rc = crl_dir_open(place, USERS, &dir);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (const char *id; (id = crl_dir_next(&dir));)
		if (!crl_words_has(gone, id) || unlinkat(crl_dir_fd(&dir), id, 0) < 0)
			left++;
	return dir.error < 0 ? dir.error : left;
}

/* Returns 1 when it is detached, 0 when it stays, or -errno. */
static int detach(int images, const char *name, const struct crl_words *gone)
{
	scoped_fd place = -EBADF, lock = -EBADF, mount = -EBADF;
	int rc = crl_store_dir(images, name, false, &place);

	if (rc == 0)
		rc = take_lock(place, crl_now_ms(), &lock); /* R2 */
	if (rc == -ETIMEDOUT || rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = forget(place, gone);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	if (crl_image_place_mount(place, &mount) < 0)
		return 0;
	drop_fd(&mount);
	rc = clear(place);
	return rc < 0 ? rc : 1;
}

struct detaching {
	const char *state;
	const struct crl_words *gone;
};

static int detach_work(const void *arg, int *ret_fd, struct crl_err *err)
{
	const struct detaching *d = arg;
	scoped(crl_dir) dir = {0};
	scoped_fd images = -EBADF;
	int rc = open_images(d->state, false, &images), many = 0;

	(void)ret_fd;
	if (rc == 0)
		rc = crl_dir_open(images, ".", &dir);
	if (rc == -ENOENT)
		return 0;
	for (const char *name; rc >= 0 && (name = crl_dir_next(&dir));) {
		rc = crl_sha256_is_text(name) ? detach(images, name, d->gone) : 0;
		many += rc > 0;
	}
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot detach images that no room has") : many;
}

int crl_images_detach(const char *state, const struct crl_words *gone, struct crl_err *err)
{
	const struct detaching d = {.state = state, .gone = gone};
	const struct crl_hostns w = {detach_work, &d, 0}; /* the sweep ends itself (helper/sweep.c) */
	int none = -EBADF, rc = crl_hostns_run(&w, &none, err);

	return rc == -ENOTSUP ? 0 : rc; /* there is none of ours */
}
