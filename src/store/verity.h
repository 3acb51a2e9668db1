// SPDX-License-Identifier: Apache-2.0
/*
 * Reads that are proved: a tree of digests over a file's blocks, whose root alone has to be known, and a device of the
 * kernel's dm-verity that looks each block up in it.
 *
 * The tree is the kernel's format 1: blocks of 4096 bytes, SHA-256, no superblock; veritysetup(8) knows it as
 * --no-superblock. Its salt is the file's digest, so that the same file has the same root.
 *
 * Runs in: helper (opens devices; root, host's mount namespace), carrelctl (makes trees).
 * Source: the kernel's device-mapper/verity.rst, linux/dm-ioctl.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/sha256.h"

#define CRL_VERITY_BLOCK 4096u

/* Can a file of that many bytes have a tree? It has to be of whole blocks, two at least. */
bool crl_verity_fits(uint64_t size);

/*
 * Make the tree of a file.
 * @data    descriptor of the file; @size  its bytes, which fit
 * @salt    hexadecimal digits: the file's digest
 * @tree    an empty file for the tree
 * @root    its root
 * Returns 0 or -errno: -EIO @data is shorter; -EINVAL it does not fit, or @salt is no digest.
 */
int crl_verity_make(int data, uint64_t size, const char *salt, int tree, char root[CRL_SHA256_TEXT]) CRL_MUST_CHECK;

/* Two read-only block devices of equal names: what is proved and by what. */
struct crl_verity {
	const char *data; /* path of the block device */
	const char *tree;
	uint64_t size; /* of the data, in bytes */
	const char *salt;
	const char *root;
};

#define CRL_VERITY_PATH_MAX 32

/*
 * Make the device. It goes by itself when it is closed and not mounted.
 * @ret_fd  it, open; @path  its name in /dev, CRL_VERITY_PATH_MAX bytes
 * Errors (stage MOUNT): -ENOENT, -ENODEV, -ENXIO, -EOPNOTSUPP the kernel has no dm-verity: see crl_verity_is_lacking().
 */
int crl_verity_open(const struct crl_verity *v, int *ret_fd, char *path, struct crl_err *err) CRL_MUST_CHECK;

/*
 * One that crl_verity_open() made before, of the same files: a mount of it is still somebody's, for one a service's
 * that was started while it was attached. There can be so many of an image and no more.
 * @v       its paths are not used
 * @file    the files of data and tree, open
 * @ret_fd, @path  as above
 * Returns 0 or -ENOENT.
 */
int crl_verity_find(const struct crl_verity *v, const int file[2], int *ret_fd, char *path) CRL_MUST_CHECK;

/* Does that -errno say that the kernel has no dm-verity, and not that something is wrong with the image? */
bool crl_verity_is_lacking(int rc);

/* Can this kernel do it? Asks, and leaves nothing. */
bool crl_verity_is_there(void);

/* Is this device, by its number, one that crl_verity_open() made for that root? */
bool crl_verity_is_of(dev_t device, const char *root);

/* Remove devices that were made for that root and never used: who made them was killed. */
void crl_verity_sweep(const char *root);
