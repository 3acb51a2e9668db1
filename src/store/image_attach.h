// SPDX-License-Identifier: Apache-2.0
/*
 * Images as mounts: attached once a host, shared by all rooms that have it for a root.
 *
 *   STATE/images/                     root, 0700; a private mount of its own, so that nothing of it propagates
 *     DIGEST/lock                     held by who attaches, notes or detaches
 *     DIGEST/root                     where it is mounted, read-only, without devices
 *     DIGEST/users/ID                 rooms that have it
 *     DIGEST/checked                  which version of the file has that digest
 *
 * All of it lies in the host's own mount namespace, wherever who asks lives: a login's helper may be in that of its
 * service. What has no place there (that namespace is out of reach) has a mount of its own, which nobody shares.
 *
 * The mount takes loop and dm-verity devices with it when it goes, and lives as long as the last room that has a clone
 * of it: to detach it too early costs memory and nothing else.
 *
 * Runs in: helper, its sweep, carrelctl (root).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/words.h"
#include "store/image.h"

/* Who wants it, and where. */
struct crl_image_user {
	const char *store; /* paths */
	const char *state;
	const char *room; /* id of the room, to be noted; NULL = nobody: only a look */
	int64_t until_ms; /* crl_now_ms() until when others who attach it are waited for; 0 = without end */
};

/*
 * Attach the image if it is not, and clone its mount.
 *
 * The file is proved first: its digest once a version of it, or, where every read will be proved by dm-verity, that it
 * is the version that was added. A wrong one is never mounted, an alarm is logged (LOG_ALERT), and what is mounted of
 * it is left to those who have it.
 *
 * @ret_mount  a mount that is nowhere attached, as open_tree(2) clones it; of @image, read-only, without devices,
 *             with set-user-ID programs as the image has them
 * Errors (stage MOUNT): -EKEYREJECTED the file is not what was added; -ETIMEDOUT another one has been attaching it all
 * the time; -ENOENT, -EPERM, -EUCLEAN, -EINVAL … of the file, the device or the file system.
 */
int crl_image_attach(const struct crl_image_user *u, const struct crl_image *image, int *ret_mount,
		     struct crl_err *err) CRL_MUST_CHECK;

/*
 * The same for a file that is in no store: root's all the way, and proved by nothing but that. What it is called in
 * STATE/images follows from its device, inode, size and times.
 */
int crl_image_attach_file(const struct crl_image_user *u, const char *path, int *ret_mount,
			  struct crl_err *err) CRL_MUST_CHECK;

/*
 * Compare the whole file with its digest now, whatever has been checked before, and note the result, so that no login
 * has to. Holds up nobody meanwhile.
 * Errors (stage MOUNT): -EKEYREJECTED it is another; reading.
 */
int crl_image_verify(const struct crl_image_user *u, const struct crl_image *image, struct crl_err *err) CRL_MUST_CHECK;

/*
 * What would come of it: as crl_image_attach(), but nothing is kept or noted, and a wrong file is no alarm.
 * Errors: the same.
 */
int crl_image_try(const char *store, const struct crl_image *image, struct crl_err *err) CRL_MUST_CHECK;

/* How an image is attached now. */
enum crl_image_proof {
	CRL_IMAGE_DETACHED,
	CRL_IMAGE_BY_DIGEST, /* its file was compared */
	CRL_IMAGE_BY_VERITY, /* each read is proved */
};
enum crl_image_proof crl_image_how(const struct crl_image_user *u, const struct crl_image *image);

/* The ids of all rooms that are noted for any image, or for one: "ID". @image  NULL = any */
int crl_image_users(const char *state, const struct crl_image *image, struct crl_words *ret) CRL_MUST_CHECK;

/*
 * Forget rooms, and detach images that nobody has then.
 * @gone  ids of rooms that are over, sorted
 * Returns how many were detached, or -errno (stage MOUNT). One that is just being attached is passed over.
 */
int crl_images_detach(const char *state, const struct crl_words *gone, struct crl_err *err) CRL_MUST_CHECK;
