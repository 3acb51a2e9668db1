// SPDX-License-Identifier: Apache-2.0
/*
 * SHA-256, for files that are known by their digest.
 *
 * Runs in: helper, carrelctl. Pure, but for crl_sha256_file(). Source: FIPS 180-4.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_SHA256_BYTES 32
#define CRL_SHA256_TEXT (2 * CRL_SHA256_BYTES + 1) /* in hexadecimal digits, with NUL */

struct crl_sha256 {
	uint32_t state[8];
	uint64_t len; /* bytes so far */
	uint8_t block[64]; /* the part of them that is no whole block yet */
	bool plain; /* in C, not by the processor's own instructions */
};

void crl_sha256_begin(struct crl_sha256 *s);
void crl_sha256_add(struct crl_sha256 *s, const void *data, size_t len);

/* The digest in small hexadecimal digits. Afterwards it has to begin anew. */
void crl_sha256_end(struct crl_sha256 *s, char ret[CRL_SHA256_TEXT]);

/*
 * The digest of a whole file, wherever its descriptor stands, which is not moved.
 * Returns how many bytes it has, or -errno of pread(2).
 */
int64_t crl_sha256_file(int fd, char ret[CRL_SHA256_TEXT]) CRL_MUST_CHECK;

/* Is it a digest as crl_sha256_end() writes it? */
bool crl_sha256_is_text(const char *text);
