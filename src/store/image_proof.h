// SPDX-License-Identifier: Apache-2.0
/*
 * Is an image's file what was added? Its digest says so, once for each version of the file; a note keeps the answer.
 *
 * Runs in: helper, carrelctl (root).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "store/image.h"

/* What was compared, and what it is worth: a file of another device, or one that was written to since, is another. */
struct crl_image_note {
	uint64_t device;
	struct crl_image_version version;
	char digest[CRL_SHA256_TEXT];
};

/* Read a note's text. Errors: -EBADMSG not of this form. */
int crl_image_note_parse(const char *text, size_t len, struct crl_image_note *ret) CRL_MUST_CHECK;
int crl_image_note_format(const struct crl_image_note *n, char *buf, size_t size) CRL_MUST_CHECK;
#define CRL_IMAGE_NOTE_MAX 320

/*
 * Prove a file by its digest.
 * @place   directory for the note; -EBADF = none is read or written
 * @file    the image's
 * @flags   CRL_PROVE_*
 * Errors (stage MOUNT): -EKEYREJECTED it is another, which is logged as an alarm; -EAGAIN it was written to meanwhile.
 */
int crl_image_prove(int place, int file, const struct crl_image *image, unsigned int flags,
		    struct crl_err *err) CRL_MUST_CHECK;
#define CRL_PROVE_ANEW (1u << 0) /* whatever is noted */
#define CRL_PROVE_QUIET (1u << 1) /* somebody tries it with a wrong one: no alarm */

/* Is the file the very one that was added, not written to since? */
bool crl_image_is_as_added(int file, const struct crl_image *image);
