// SPDX-License-Identifier: Apache-2.0
/* See image.h. R1: STORE, STORE/images and each image's directory are root's, and nobody else looks into them. */
#include "store/image.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/file.h"
#include "base/parse.h"
#include "store/store.h"

#define RECORD_BESIDE ".new-record"

/* Take "KEY=VALUE\n" off *@text. Returns false when that is not what comes next, or the value does not fit. */
static bool take(const char **text, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key), value;
	const char *at = *text;

	if (strncmp(at, key, len) != 0 || at[len] != '=')
		return false;
	at += len + 1;
	value = strcspn(at, "\n");
	if (at[value] != '\n' || value >= size)
		return false;
	for (size_t i = 0; i < value; i++)
		if (at[i] < ' ' || at[i] > '~')
			return false;
	memcpy(buf, at, value);
	buf[value] = '\0';
	*text = at + value + 1;
	return true;
}

static bool take_number(const char **text, const char *key, uint64_t *ret)
{
	char value[24];

	return take(text, key, value, sizeof(value)) && crl_parse_uint(value, 0, INT64_MAX, ret) == 0;
}

static bool take_time(const char **text, const char *key, int64_t *ret)
{
	uint64_t value;
	bool is = take_number(text, key, &value);

	*ret = is ? (int64_t)value : 0;
	return is;
}

static bool take_version(const char **text, struct crl_image_version *v)
{
	return take_number(text, "ino", &v->ino) && take_number(text, "size", &v->size) &&
	       take_time(text, "mtime_ns", &v->mtime_ns) && take_time(text, "ctime_ns", &v->ctime_ns);
}

static bool is_fs(const char *fs)
{
	return strcmp(fs, "erofs") == 0 || strcmp(fs, "squashfs") == 0 || strcmp(fs, "ext4") == 0;
}

int crl_image_parse(const char *text, size_t len, struct crl_image *ret)
{
	struct crl_image image = {.added_ms = 0};
	char digest[CRL_SHA256_TEXT];
	uint64_t form;

	if (strlen(text) != len || !take_number(&text, "image", &form) || form != 1 ||
	    !take(&text, "name", image.name, sizeof(image.name)) ||
	    !take(&text, "digest", image.digest, sizeof(image.digest)) ||
	    !take(&text, "fs", image.fs, sizeof(image.fs)) || !take_time(&text, "added_ms", &image.added_ms) ||
	    !take(&text, "by", image.by, sizeof(image.by)) ||
	    !take(&text, "source", image.source, sizeof(image.source)) ||
	    !take(&text, "root_hash", image.root_hash, sizeof(image.root_hash)) ||
	    !take_version(&text, &image.version) || strcmp(text, "end\n") != 0)
		return -EBADMSG;
	if (crl_imageref_parse(image.name, image.name, digest) < 0 || digest[0] || !crl_sha256_is_text(image.digest) ||
	    !is_fs(image.fs) || (image.root_hash[0] && !crl_sha256_is_text(image.root_hash)))
		return -EBADMSG;
	*ret = image;
	return 0;
}

int crl_image_format(const struct crl_image *image, char *buf, size_t size)
{
	const struct crl_image_version *v = &image->version;
	int n = snprintf(buf, size,
			 "image=1\nname=%s\ndigest=%s\nfs=%s\nadded_ms=%" PRId64 "\nby=%s\nsource=%s\nroot_hash=%s\n"
			 "ino=%" PRIu64 "\nsize=%" PRIu64 "\nmtime_ns=%" PRId64 "\nctime_ns=%" PRId64 "\nend\n",
			 image->name, image->digest, image->fs, image->added_ms, image->by, image->source,
			 image->root_hash, v->ino, v->size, v->mtime_ns, v->ctime_ns);

	return n < 0 || (size_t)n >= size ? -EOVERFLOW : n;
}

/* Source: magic(5), the kernel's fs/{erofs,squashfs,ext4}. */
const char *crl_image_fs(const void *head, size_t len)
{
	static const struct {
		const char *fs;
		size_t at;
		uint8_t magic[4];
		size_t bytes;
	} known[] = {
		{"erofs", 1024, {0xe2, 0xe1, 0xf5, 0xe0}, 4},
		{"squashfs", 0, {'h', 's', 'q', 's'}, 4},
		{"ext4", 1024 + 56, {0x53, 0xef}, 2},
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(known); i++)
		if (len >= known[i].at + known[i].bytes &&
		    memcmp((const uint8_t *)head + known[i].at, known[i].magic, known[i].bytes) == 0)
			return known[i].fs;
	return NULL;
}

int crl_image_version_of(int fd, struct crl_image_version *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret = (struct crl_image_version){
		.ino = st.st_ino,
		.size = (uint64_t)st.st_size,
		.mtime_ns = st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
		.ctime_ns = st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec,
	};
	return 0;
}

int crl_images_open(const char *store, const char *name, bool make, int *ret_fd, struct crl_err *err)
{
	const char *const way[] = {store, CRL_IMAGES_DIR, name};
	scoped_fd top = -EBADF, all = -EBADF, one = -EBADF;
	int *const fd[] = {&top, &all, &one};
	size_t at = 0, end = name ? 3 : 2;
	int rc = 0;

	for (; rc == 0 && at < end; at += rc == 0)
		rc = crl_store_dir(at == 0 ? AT_FDCWD : *fd[at - 1], way[at], make, fd[at]); /* R1 */
	if (rc == -EPERM)
		return crl_err_set(err, EPERM, CRL_STAGE_MOUNT, "%s%s%s%s%s must belong to root with mode 0700", store,
				   at > 0 ? "/" : "", at > 0 ? way[1] : "", at > 1 ? "/" : "", at > 1 ? name : "");
	if (rc == -ENOENT && name)
		return crl_err_set(err, ENOENT, CRL_STAGE_MOUNT, "no image %s in %s (carrelctl image list)", name,
				   store);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot open the image store %s", store);
	*ret_fd = name ? take_fd(&one) : take_fd(&all);
	return 0;
}

void crl_image_file(const struct crl_image *image, const char *suffix, char ret[CRL_IMAGE_FILE_MAX])
{
	(void)snprintf(ret, CRL_IMAGE_FILE_MAX, "%s.%s", image->digest, suffix);
}

int crl_image_open(int dir, const struct crl_image *image, const char *suffix, int *ret_fd, struct crl_err *err)
{
	char file[CRL_IMAGE_FILE_MAX];
	scoped_fd fd = -EBADF;
	struct stat st;

	crl_image_file(image, suffix, file);
	fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "image %s: cannot open %s", image->name, file);
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022) != 0 || st.st_nlink != 1)
		return crl_err_set(err, EPERM, CRL_STAGE_MOUNT,
				   "image %s: %s is not a file of root's alone, with one name", image->name, file);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int read_record(int dir, const char *name, const char *digest, struct crl_image *ret)
{
	struct crl_image of = {.added_ms = 0};
	char text[CRL_IMAGE_TEXT_MAX];
	scoped_fd fd = -EBADF;
	ssize_t n;
	int rc;

	(void)snprintf(of.name, sizeof(of.name), "%s", name);
	(void)snprintf(of.digest, sizeof(of.digest), "%s", digest);
	rc = crl_image_open(dir, &of, CRL_IMAGE_RECORD, &fd, NULL);
	if (rc < 0)
		return rc;
	n = crl_file_read_fd(fd, text, sizeof(text));
	if (n < 0 || crl_image_parse(text, (size_t)n, ret) < 0 || strcmp(ret->name, name) != 0 ||
	    strcmp(ret->digest, digest) != 0)
		return -EIO;
	return 0;
}

int crl_image_record(int dir, const struct crl_image *image)
{
	char text[CRL_IMAGE_TEXT_MAX], file[CRL_IMAGE_FILE_MAX];
	int n = crl_image_format(image, text, sizeof(text)), rc;

	if (n < 0)
		return n;
	crl_image_file(image, CRL_IMAGE_RECORD, file);
	rc = crl_file_replace(dir, &(struct crl_file){.name = file,
						      .beside = RECORD_BESIDE,
						      .data = text,
						      .len = (size_t)n,
						      .mode = 0600,
						      .durable = true});
	return rc == 0 && fsync(dir) < 0 ? -errno : rc;
}

/* "DIGEST.image" */
static bool is_record(const char *file, char digest[CRL_SHA256_TEXT])
{
	const size_t len = CRL_SHA256_TEXT - 1;

	if (strlen(file) <= len || strcmp(file + len, "." CRL_IMAGE_RECORD) != 0)
		return false;
	memcpy(digest, file, len);
	digest[len] = '\0';
	return crl_sha256_is_text(digest);
}

/* One that cannot be read is not the others' fault, and has to be named to be removed. */
static int take_record(int dir, const char *name, const char *digest, struct crl_image *ret)
{
	char file[CRL_IMAGE_FILE_MAX];
	struct stat st;
	int rc = read_record(dir, name, digest, ret);

	if (rc == 0 || rc == -ENOENT)
		return rc;
	*ret = (struct crl_image){.damaged = true};
	(void)snprintf(ret->name, sizeof(ret->name), "%s", name);
	(void)snprintf(ret->digest, sizeof(ret->digest), "%s", digest);
	crl_image_file(ret, CRL_IMAGE_RECORD, file);
	if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	ret->added_ms = st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	return 0;
}

static int add_to(struct crl_images *images, const struct crl_image *image)
{
	struct crl_image *more = reallocarray(images->item, images->len + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	images->item = more;
	more[images->len++] = *image;
	return 0;
}

/* The versions of one, in any order. */
static int list_one(const char *store, const char *name, struct crl_images *ret, struct crl_err *err)
{
	char digest[CRL_SHA256_TEXT];
	scoped(crl_dir) dir = {0};
	struct crl_image image;
	scoped_fd at = -EBADF;
	int rc = crl_images_open(store, name, false, &at, err);

	if (rc == 0 && crl_dir_open(at, ".", &dir) < 0)
		rc = crl_err_set(err, -dir.error, CRL_STAGE_MOUNT, "cannot read the image store %s", store);
	for (const char *file; rc == 0 && (file = crl_dir_next(&dir));) {
		if (!is_record(file, digest))
			continue;
		rc = take_record(at, name, digest, &image);
		if (rc == -ENOENT) /* removed meanwhile */
			rc = 0;
		else if (rc < 0)
			rc = crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot read the image store %s", store);
		else if (add_to(ret, &image) < 0)
			rc = crl_err_set(err, ENOMEM, CRL_STAGE_MOUNT, "out of memory");
	}
	return rc == -ENOENT ? 0 : rc;
}

static int by_name_and_age(const void *a, const void *b)
{
	const struct crl_image *one = a, *other = b;
	int names = strcmp(one->name, other->name);

	if (names != 0)
		return names;
	if (one->added_ms != other->added_ms)
		return one->added_ms > other->added_ms ? -1 : 1;
	return strcmp(one->digest, other->digest);
}

int crl_images_list(const char *store, const char *name, struct crl_images *ret, struct crl_err *err)
{
	char digest[CRL_SHA256_TEXT], one[CRL_IMAGE_NAME_MAX];
	scoped(crl_dir) dir = {0};
	scoped_fd at = -EBADF;
	int rc = name ? list_one(store, name, ret, err) : crl_images_open(store, NULL, false, &at, err);

	if (!name && rc == 0 && crl_dir_open(at, ".", &dir) < 0)
		rc = crl_err_set(err, -dir.error, CRL_STAGE_MOUNT, "cannot read the image store %s", store);
	for (const char *file; !name && rc == 0 && (file = crl_dir_next(&dir));)
		if (crl_imageref_parse(file, one, digest) == 0 && !digest[0])
			rc = list_one(store, one, ret, err);
	if (ret->len > 1)
		qsort(ret->item, ret->len, sizeof(ret->item[0]), by_name_and_age);
	return rc == -ENOENT ? 0 : rc;
}

/* "DIGEST.anything" */
static bool is_of_version(const char *file, char record[CRL_IMAGE_FILE_MAX])
{
	struct crl_image image = {.added_ms = 0};
	const size_t len = CRL_SHA256_TEXT - 1;

	if (strlen(file) <= len || file[len] != '.')
		return false;
	memcpy(image.digest, file, len);
	crl_image_file(&image, CRL_IMAGE_RECORD, record);
	return crl_sha256_is_text(image.digest);
}

static void tidy_one(int images, const char *name)
{
	char record[CRL_IMAGE_FILE_MAX];
	scoped(crl_dir) dir = {0};
	scoped_fd at = -EBADF;

	if (crl_store_dir(images, name, false, &at) < 0 || crl_dir_open(at, ".", &dir) < 0)
		return;
	for (const char *file; (file = crl_dir_next(&dir));)
		if (strcmp(file, RECORD_BESIDE) == 0 ||
		    (is_of_version(file, record) && faccessat(at, record, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		     errno == ENOENT))
			(void)unlinkat(at, file, 0);
	(void)unlinkat(images, name, AT_REMOVEDIR); /* when it was the last */
}

void crl_images_tidy(int images)
{
	char digest[CRL_SHA256_TEXT], name[CRL_IMAGE_NAME_MAX];
	scoped(crl_dir) dir = {0};

	if (crl_dir_open(images, ".", &dir) < 0)
		return;
	for (const char *file; (file = crl_dir_next(&dir));)
		if (crl_imageref_parse(file, name, digest) == 0 && !digest[0])
			tidy_one(images, name);
}

void crl_images_done(struct crl_images *images)
{
	free(images->item);
	*images = (struct crl_images){.len = 0};
}

int crl_image_is_damaged(const struct crl_image *image, struct crl_err *err)
{
	return crl_err_set(err, EIO, CRL_STAGE_MOUNT,
			   "image %s: the record of %s is damaged: add it again, or carrelctl image rm %s@sha256:%s",
			   image->name, image->digest, image->name, image->digest);
}

int crl_image_resolve(const char *store, const char *text, struct crl_image *ret, struct crl_err *err)
{
	char name[CRL_IMAGE_NAME_MAX], digest[CRL_SHA256_TEXT];
	scoped(crl_images) all = {.len = 0};
	int rc = crl_imageref_parse(text, name, digest);

	if (rc < 0)
		return crl_err_set(err, EINVAL, CRL_STAGE_MOUNT, "\"%s\": %s", text, crl_imageref_fault(text));
	rc = crl_images_list(store, name, &all, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < all.len; i++)
		if (!digest[0] || strcmp(all.item[i].digest, digest) == 0) {
			*ret = all.item[i];
			return ret->damaged ? crl_image_is_damaged(ret, err) : 0;
		}
	return crl_err_set(err, ENOENT, CRL_STAGE_MOUNT,
			   all.len > 0 ? "image %s has no version of that digest (carrelctl image show %s)"
				       : "no image %s in the image store (carrelctl image list)",
			   name, name);
}
