// SPDX-License-Identifier: Apache-2.0
/*
 * What was meant? Of known names the one that is nearest to what was written, where it is near enough.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#pragma once

#include <stddef.h>

#define CRL_NEAREST_MAX 64 /* bytes of a name, with its NUL; longer ones are far from everything */

struct crl_nearest {
	const char *text; /* what was written */
	size_t best;
	char name[CRL_NEAREST_MAX]; /* "" = none is near enough */
};

/* @text  borrowed until the last offer */
void crl_nearest_begin(struct crl_nearest *n, const char *text);

/* Is it this one? Of two that are equally near the one that was offered first stays. */
void crl_nearest_offer(struct crl_nearest *n, const char *name);

/* As crl_nearest_offer(), for who knows by other means how far the name is from what was written. */
void crl_nearest_offer_at(struct crl_nearest *n, const char *name, size_t distance);

/* crl_word_distance(), but a beginning of three letters or more is as near as one slip. */
size_t crl_nearest_distance(const char *text, const char *name);

/* The end of a message: " (did you mean \"NAME\"?)", or "". Returns @buf. CRL_NEAREST_HINT bytes always do. */
#define CRL_NEAREST_HINT (CRL_NEAREST_MAX + 24)
const char *crl_nearest_hint(const struct crl_nearest *n, char *buf, size_t size);
