// SPDX-License-Identifier: Apache-2.0
/*
 * See image_attach.h.
 *
 * R1: what is cloned is a read-only mount of the image's own file, however it came there.
 * R2: nothing of a file that is not proved is mounted, or handed to one more room.
 * R3: whoever is killed leaves nothing that lasts: devices go with the mount, and before it with their descriptors.
 */
#include "store/image_attach.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "store/hostns.h"
#include "store/image_place.h"
#include "store/image_proof.h"
#include "store/loop.h"
#include "store/verity.h"

#define SAY_MS 500 /* for who has waited long enough to say so */
#define LOOK_MS 5000

/* One image on its way. */
struct attaching {
	const struct crl_image_user *user;
	const struct crl_image *image;
	const char *path; /* of a file that is in no store, and so is proved by nothing; NULL = it is in the store */
	struct crl_err *err;
	bool alone; /* the mount is nobody else's, and nothing of it is noted */
	unsigned int flags; /* CRL_PROVE_* */
	int place; /* STATE/images/PLACE */
	int dir; /* STORE/images/NAME */
	int file;
};

/* Devices of a mount that is being made; it keeps them open afterwards (R3). */
struct devices {
	int data, tree, proof;
	char path[CRL_VERITY_PATH_MAX > CRL_LOOP_PATH_MAX ? CRL_VERITY_PATH_MAX : CRL_LOOP_PATH_MAX];
};

static void devices_done(struct devices *d)
{
	drop_fd(&d->proof);
	drop_fd(&d->tree);
	drop_fd(&d->data);
}

/* The same file's device is taken again while it lives; else one is made. */
static int open_proof(const struct attaching *a, struct devices *d)
{
	char tree_path[CRL_LOOP_PATH_MAX], data_path[CRL_LOOP_PATH_MAX];
	const struct crl_image *image = a->image;
	const struct crl_verity v = {.data = data_path,
				     .tree = tree_path,
				     .size = image->version.size,
				     .salt = image->digest,
				     .root = image->root_hash};
	scoped_fd tree = -EBADF;
	int rc = crl_image_open(a->dir, image, CRL_IMAGE_TREE, &tree, a->err);

	if (rc < 0)
		return rc;
	crl_verity_sweep(image->root_hash);
	if (crl_verity_find(&v, (const int[]){a->file, tree}, &d->proof, d->path) == 0)
		return 0;
	rc = crl_loop_attach(a->file, image->name, &d->data, data_path, a->err);
	if (rc == 0)
		rc = crl_loop_attach(tree, image->name, &d->tree, tree_path, a->err);
	return rc < 0 ? rc : crl_verity_open(&v, &d->proof, d->path, a->err);
}

/* The kernel tells what it did not like as "e text" in the context. */
static int fail_fs(const struct attaching *a, int context)
{
	int code = errno;
	char said[160];
	ssize_t n = context >= 0 ? crl_file_read_fd(context, said, sizeof(said)) : -1;

	if (n > 0)
		said[strcspn(said, "\n")] = '\0';
	return crl_err_set(a->err, code, CRL_STAGE_MOUNT, "image %s: cannot mount it as %s%s%s", a->image->name,
			   a->image->fs, n > 0 ? ": kernel: " : "", n > 0 ? said : "");
}

/* What the file itself says of how errors are dealt with does not count: it could say that the host shall stop. */
static int set_options(int context, const char *fs)
{
	if (fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0))
		return -1;
	if (strcmp(fs, "ext4") != 0)
		return 0;
	return fsconfig(context, FSCONFIG_SET_FLAG, "norecovery", NULL, 0) ||
			       fsconfig(context, FSCONFIG_SET_STRING, "errors", "remount-ro", 0)
		       ? -1
		       : 0;
}

static int mount_device(const struct attaching *a, const struct devices *d, int *ret_fd)
{
	scoped_fd context = fsopen(a->image->fs, FSOPEN_CLOEXEC), fd = -EBADF;
	struct stat mounted, device;

	if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "source", d->path, 0) ||
	    set_options(context, a->image->fs) < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return fail_fs(a, context);
	fd = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
	if (fd < 0)
		return fail_fs(a, context);
	if (fstat(fd, &mounted) < 0 || fstat(d->proof >= 0 ? d->proof : d->data, &device) < 0 ||
	    mounted.st_dev != device.st_rdev) /* R1 */
		return crl_err_set(a->err, EIO, CRL_STAGE_MOUNT, "image %s: another device was mounted",
				   a->image->name);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int make_mount(const struct attaching *a, bool proof, int *ret_fd)
{
	__attribute__((cleanup(devices_done))) struct devices d = {-EBADF, -EBADF, -EBADF, ""};
	int rc = proof ? open_proof(a, &d) : crl_loop_attach(a->file, a->image->name, &d.data, d.path, a->err);

	return rc < 0 ? rc : mount_device(a, &d, ret_fd);
}

/*
 * A mount of the image, nowhere attached (R2). Under dm-verity it need not be read first. When it cannot be mounted so,
 * its digest tells whether that is because the file is another.
 */
static int mount_proved(const struct attaching *a, int *ret_fd)
{
	const struct crl_image *image = a->image;
	bool proof = !a->path && image->root_hash[0] && crl_verity_is_there() && crl_image_is_as_added(a->file, image);
	struct crl_err first = {0};
	int rc = proof || a->path ? 0 : crl_image_prove(a->place, a->file, image, a->flags, a->err);

	if (rc == 0)
		rc = make_mount(a, proof, ret_fd);
	if (rc == 0 || !proof)
		return rc;
	if (a->err)
		first = *a->err;
	if (!crl_verity_is_lacking(rc)) {
		int wrong = crl_image_prove(a->place, a->file, image, a->flags | CRL_PROVE_ANEW, a->err);

		if (wrong == 0 && a->err)
			*a->err = first;
		return wrong < 0 ? wrong : rc;
	}
	crl_log(LOG_WARNING, "image=%s: reads are not proved, its digest was: %s", image->name, first.text);
	rc = crl_image_prove(a->place, a->file, image, a->flags, a->err);
	return rc < 0 ? rc : make_mount(a, false, ret_fd);
}

static enum crl_image_proof proof_of(int mount, int file, const struct crl_image *image)
{
	struct statvfs fs;
	struct stat st;

	if (mount < 0 || fstat(mount, &st) < 0 || fstatvfs(mount, &fs) < 0 || !(fs.f_flag & ST_RDONLY) ||
	    !(fs.f_flag & ST_NODEV))
		return CRL_IMAGE_DETACHED;
	if (crl_verity_is_of(st.st_dev, image->root_hash))
		return CRL_IMAGE_BY_VERITY;
	return crl_loop_is_of(st.st_dev, file) ? CRL_IMAGE_BY_DIGEST : CRL_IMAGE_DETACHED;
}

/* What stands in its place counts when it is the image's (R1) and its file still is what was added (R2). */
static int find_mount(const struct attaching *a, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	enum crl_image_proof how;
	int rc = crl_image_place_mount(a->place, &fd);

	if (rc < 0)
		return rc;
	how = proof_of(fd, a->file, a->image);
	if (how == CRL_IMAGE_DETACHED) {
		crl_log(LOG_WARNING, "image=%s: something else was mounted in its place", a->image->name);
		return -ENOENT;
	}
	if (!a->path && (how != CRL_IMAGE_BY_VERITY || !crl_image_is_as_added(a->file, a->image)))
		rc = crl_image_prove(a->place, a->file, a->image, a->flags, a->err);
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

static int attach(const struct attaching *a, int *ret_fd)
{
	scoped_fd fd = -EBADF, mount = -EBADF;
	int rc = a->alone ? -ENOENT : find_mount(a, &mount);

	if (rc == -ENOENT) {
		rc = mount_proved(a, &fd);
		if (rc < 0 || a->alone) {
			*ret_fd = rc < 0 ? -EBADF : take_fd(&fd);
			return rc;
		}
		rc = crl_image_place_put(a->place, fd);
		if (rc < 0)
			return crl_err_set(a->err, -rc, CRL_STAGE_MOUNT, "image %s: cannot attach it", a->image->name);
		mount = take_fd(&fd);
	}
	if (rc < 0)
		return rc;
	if (a->user->room)
		rc = crl_image_place_note(a->place, a->user->room);
	if (rc < 0)
		return crl_err_set(a->err, -rc, CRL_STAGE_STATE, "cannot note the room of image %s", a->image->name);
	*ret_fd = open_tree(mount, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return *ret_fd < 0
		       ? crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "image %s: cannot clone its mount", a->image->name)
		       : 0;
}

/*
 * What a file in no store is called: as it is at this moment, so that one that was written to, or another by that name,
 * is another image. @ret  its name, digest and file system
 */
static int describe_file(const char *path, int fd, struct crl_image *ret, struct crl_err *err)
{
	const char *slash = strrchr(path, '/'), *fs;
	char head[CRL_IMAGE_HEAD], text[192];
	struct crl_sha256 sum;
	ssize_t n = pread(fd, head, sizeof(head), 0);
	struct stat st;
	int rc = n < 0 || fstat(fd, &st) < 0 ? -errno : crl_image_version_of(fd, &ret->version);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot read %s", path);
	fs = crl_image_fs(head, (size_t)n);
	if (!fs)
		return crl_err_set(err, EINVAL, CRL_STAGE_MOUNT, "%s has no file system of erofs, squashfs or ext4",
				   path);
	(void)snprintf(ret->fs, sizeof(ret->fs), "%s", fs);
	(void)snprintf(ret->name, sizeof(ret->name), "%.64s", slash ? slash + 1 : path);
	(void)snprintf(text, sizeof(text), "file %ju %ju %ju %jd %jd", (uintmax_t)st.st_dev,
		       (uintmax_t)ret->version.ino, (uintmax_t)ret->version.size, (intmax_t)ret->version.mtime_ns,
		       (intmax_t)ret->version.ctime_ns);
	crl_sha256_begin(&sum);
	crl_sha256_add(&sum, text, strlen(text));
	crl_sha256_end(&sum, ret->digest);
	return 0;
}

static int open_path(struct attaching *a)
{
	struct crl_image now = {0};
	int rc = crl_path_open_trusted(a->path, CRL_PATH_PROGRAM, CRL_STAGE_MOUNT, &a->file, a->err);

	if (rc == 0)
		rc = describe_file(a->path, a->file, &now, a->err);
	if (rc == 0 && strcmp(now.digest, a->image->digest) != 0)
		rc = crl_err_set(a->err, EAGAIN, CRL_STAGE_MOUNT, "%s is being written to", a->path);
	return rc;
}

static int open_file(struct attaching *a)
{
	int rc;

	if (a->path)
		return open_path(a);
	rc = crl_images_open(a->user->store, a->image->name, false, &a->dir, a->err);
	return rc < 0 ? rc : crl_image_open(a->dir, a->image, a->image->fs, &a->file, a->err);
}

/* In the host's mount namespace, or, alone, anywhere. */
static int attach_work(const void *arg, int *ret_fd, struct crl_err *err)
{
	const struct attaching *given = arg;
	struct attaching a = *given;
	scoped(crl_image_place) place = CRL_IMAGE_PLACE_INIT;
	scoped_fd dir = -EBADF, file = -EBADF;
	int rc;

	a.err = err;
	rc = open_file(&a);
	dir = a.dir;
	file = a.file;
	if (rc == 0 && !a.alone)
		rc = crl_image_place_open(a.user->state, a.image, a.user->until_ms, &place, err);
	a.place = place.dir;
	return rc < 0 ? rc : attach(&a, ret_fd);
}

static int attach_anywhere(struct attaching *a, int *ret_mount, struct crl_err *err)
{
	const struct crl_hostns w = {attach_work, a, a->user->until_ms ? a->user->until_ms + SAY_MS : 0};
	int rc = crl_hostns_run(&w, ret_mount, err);

	if (rc != -ENOTSUP)
		return rc;
	crl_log(LOG_WARNING, "image=%s: mounted for one room alone: %s", a->image->name,
		err ? err->text : "the host's mount namespace is out of reach");
	a->alone = true;
	return attach_work(a, ret_mount, err);
}

int crl_image_attach(const struct crl_image_user *u, const struct crl_image *image, int *ret_mount, struct crl_err *err)
{
	struct attaching a = {.user = u, .image = image, .place = -EBADF, .dir = -EBADF, .file = -EBADF};

	return attach_anywhere(&a, ret_mount, err);
}

int crl_image_attach_file(const struct crl_image_user *u, const char *path, int *ret_mount, struct crl_err *err)
{
	struct crl_image image = {0};
	struct attaching a = {.user = u, .image = &image, .path = path, .place = -EBADF, .dir = -EBADF, .file = -EBADF};
	scoped_fd fd = -EBADF;
	int rc = crl_path_open_trusted(path, CRL_PATH_PROGRAM, CRL_STAGE_MOUNT, &fd, err);

	if (rc == 0)
		rc = describe_file(path, fd, &image, err);
	return rc < 0 ? rc : attach_anywhere(&a, ret_mount, err);
}

int crl_image_try(const char *store, const struct crl_image *image, struct crl_err *err)
{
	const struct crl_image_user u = {.store = store};
	const struct attaching a = {.user = &u,
				    .image = image,
				    .alone = true,
				    .flags = CRL_PROVE_QUIET,
				    .place = -EBADF,
				    .dir = -EBADF,
				    .file = -EBADF};
	scoped_fd mount = -EBADF;

	return attach_work(&a, &mount, err);
}

static int verify_work(const void *arg, int *ret_fd, struct crl_err *err)
{
	const struct attaching *given = arg;
	struct attaching a = *given;
	scoped(crl_image_place) place = CRL_IMAGE_PLACE_INIT;
	scoped_fd dir = -EBADF, file = -EBADF;
	int rc;

	(void)ret_fd;
	a.err = err;
	rc = open_file(&a);
	dir = a.dir;
	file = a.file;
	if (rc == 0)
		rc = crl_image_place_open(a.user->state, a.image, -1, &place, err);
	return rc < 0 ? rc : crl_image_prove(place.dir, a.file, a.image, CRL_PROVE_ANEW, err);
}

int crl_image_verify(const struct crl_image_user *u, const struct crl_image *image, struct crl_err *err)
{
	const struct attaching a = {.user = u, .image = image, .place = -EBADF, .dir = -EBADF, .file = -EBADF};
	int none = -EBADF;

	return crl_hostns_run(&(struct crl_hostns){verify_work, &a, 0}, &none, err); /* it reads the whole of it */
}

static int how_work(const void *arg, int *ret_fd, struct crl_err *err)
{
	const struct attaching *given = arg;
	struct attaching a = *given;
	scoped_fd place = -EBADF, dir = -EBADF, file = -EBADF, mount = -EBADF;
	int rc;

	(void)ret_fd;
	a.err = err;
	rc = open_file(&a);
	dir = a.dir;
	file = a.file;
	if (rc == 0 && crl_image_place_look(a.user->state, a.image, &place) == 0 &&
	    crl_image_place_mount(place, &mount) == 0)
		rc = (int)proof_of(mount, a.file, a.image);
	return rc;
}

enum crl_image_proof crl_image_how(const struct crl_image_user *u, const struct crl_image *image)
{
	const struct attaching a = {.user = u, .image = image, .place = -EBADF, .dir = -EBADF, .file = -EBADF};
	const struct crl_hostns w = {how_work, &a, crl_now_ms() + LOOK_MS};
	int none = -EBADF, rc = crl_hostns_run(&w, &none, NULL);

	return rc <= 0 ? CRL_IMAGE_DETACHED : (enum crl_image_proof)rc;
}
