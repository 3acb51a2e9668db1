// SPDX-License-Identifier: Apache-2.0
/*
 * The image store: file systems that rooms have for a root, each known by the digest of its file.
 *
 *   STORE/images/NAME/           root, 0700
 *     DIGEST.FS                  the file: FS is erofs, squashfs or ext4
 *     DIGEST.tree                its hash tree for dm-verity, when there can be one
 *     DIGEST.image               its record, written last: what has none is no image
 *   STORE/images/.new/           one that is being added
 *   STORE/images/.lock           held by who adds and removes
 *
 * An image may have several versions; the one that was added last is meant by its name alone.
 *
 * Runs in: helper (root, reads), carrelctl (root, writes).
 * Trusts: STORE and all in it is root's alone (R1), so what a record says is what carrelctl wrote into it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/imageref.h"
#include "base/sha256.h"

#define CRL_IMAGES_DIR "images"
#define CRL_IMAGE_TEXT_MAX 2048 /* of a record */

/* What a file is at this moment: another one, or one that was written to, has another. Without the device, whose number
 * may be another after a reboot. */
struct crl_image_version {
	uint64_t ino;
	uint64_t size;
	int64_t mtime_ns; /* since 1970 */
	int64_t ctime_ns;
};

struct crl_image {
	char name[CRL_IMAGE_NAME_MAX];
	char digest[CRL_SHA256_TEXT];
	char fs[16]; /* "erofs", "squashfs", "ext4" */
	int64_t added_ms; /* CLOCK_REALTIME */
	char by[64]; /* who added it: visible ASCII without blanks */
	char source[256]; /* from what: visible ASCII */
	char root_hash[CRL_SHA256_TEXT]; /* of the hash tree; "" = it has none */
	struct crl_image_version version; /* when it was added */
	bool damaged; /* its record cannot be read: name and digest are known, and added_ms is when that was written */
};

/* The versions of one image, or of all. */
struct crl_images {
	struct crl_image *item; /* owned */
	size_t len;
};

/* Read a record's text: these keys in this order, each once, nothing else. Errors: -EBADMSG not of this form. */
int crl_image_parse(const char *text, size_t len, struct crl_image *ret) CRL_MUST_CHECK;

/* The text that reads back as the same. Returns its length, or -EOVERFLOW. */
int crl_image_format(const struct crl_image *image, char *buf, size_t size) CRL_MUST_CHECK;

/*
 * Which file system begins with these bytes: "erofs", "squashfs", "ext4", or NULL.
 * @len  CRL_IMAGE_HEAD are enough for each of them
 */
const char *crl_image_fs(const void *head, size_t len);
#define CRL_IMAGE_HEAD 2048

/* Of an open file. Errors: fstat(2). */
int crl_image_version_of(int fd, struct crl_image_version *ret) CRL_MUST_CHECK;

/*
 * Open the directory of an image, or STORE/images itself.
 * @store  path
 * @name   NULL = of all images
 * @make   make what is not there
 * Errors (stage MOUNT): -ENOENT; -EPERM it is not root's alone (R1).
 */
int crl_images_open(const char *store, const char *name, bool make, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Find the image that a text of a policy means.
 * @text  as base/imageref.h has it
 * Errors (stage MOUNT): -ENOENT there is none of that name, or no such version of it; -EINVAL; -EPERM; -EIO the
 * record of that version cannot be read.
 */
int crl_image_resolve(const char *store, const char *text, struct crl_image *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Refuse one that is damaged, and say what to do. Returns -EIO (stage MOUNT). */
int crl_image_is_damaged(const struct crl_image *image, struct crl_err *err);

/*
 * All versions, by name and then the newest first; damaged ones as well.
 * @name  NULL = of all images
 * @ret   to be given back by crl_images_done() in any case
 * Errors (stage MOUNT): as above, but none when nothing is there, and none of a single record.
 */
int crl_images_list(const char *store, const char *name, struct crl_images *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_images_done(struct crl_images *images);

/* Write the record of an image beside and rename it, on the disk. Until then it is none. @dir  of crl_images_open() */
int crl_image_record(int dir, const struct crl_image *image) CRL_MUST_CHECK;

/*
 * Remove files that are no version's: who adds or removes one may be killed in between. A directory that is empty then
 * goes as well. @images  STORE/images; its lock is held
 */
void crl_images_tidy(int images);

/* The names of its files: "DIGEST.FS", "DIGEST.tree" and "DIGEST.image". */
#define CRL_IMAGE_FILE_MAX (CRL_SHA256_TEXT + 16)
void crl_image_file(const struct crl_image *image, const char *suffix, char ret[CRL_IMAGE_FILE_MAX]);
#define CRL_IMAGE_TREE "tree"
#define CRL_IMAGE_RECORD "image"

/*
 * Open a file of an image for reading: a regular file of root's with one name, which nobody else can write.
 * Errors (stage MOUNT).
 */
int crl_image_open(int dir, const struct crl_image *image, const char *suffix, int *ret_fd,
		   struct crl_err *err) CRL_MUST_CHECK;
