// SPDX-License-Identifier: Apache-2.0
/*
 * STATE/images/PLACE: where an image is mounted, who has it, and the lock over both; see image_attach.h.
 * PLACE is a digest of name and digest: an image of the same content by another name has another file, and another
 * place.
 *
 * Runs in: helper, its sweep, carrelctl (root), in the host's mount namespace.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/words.h"
#include "store/image.h"

struct crl_image_place {
	int dir;
	int lock; /* -EBADF = not held */
};

#define CRL_IMAGE_PLACE_INIT \
	{ \
		.dir = -EBADF, .lock = -EBADF \
	}

/*
 * Make what is missing of the place, and open it.
 * @state     path; its parents are root's
 * @until_ms  crl_now_ms() until when who holds the lock is waited for; 0 = without end; -1 = without the lock
 * @ret       begins with CRL_IMAGE_PLACE_INIT
 * Errors: -ETIMEDOUT; -EPERM it is not root's alone; those of the kernel (stage MOUNT or STATE).
 */
int crl_image_place_open(const char *state, const struct crl_image *image, int64_t until_ms,
			 struct crl_image_place *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_image_place_done(struct crl_image_place *place);

/* Open it as it is, without the lock. Returns 0 or -errno. */
int crl_image_place_look(const char *state, const struct crl_image *image, int *ret_place) CRL_MUST_CHECK;

/* What is mounted there. Returns 0; -ENOENT nothing is; -errno. */
int crl_image_place_mount(int place, int *ret_mount) CRL_MUST_CHECK;

/* Put a mount there, in place of whatever is. Returns 0 or -errno. */
int crl_image_place_put(int place, int mount) CRL_MUST_CHECK;

/* Note a room that has it. @room  an id: a name of a file. Returns 0 or -errno. */
int crl_image_place_note(int place, const char *room) CRL_MUST_CHECK;
