// SPDX-License-Identifier: Apache-2.0
/*
 * Strict numbers, sizes, rates, percentages, durations and names.
 *
 * Runs in: every product. Pure. Nothing but the whole text counts: no space, sign, leading zero or tail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

/*
 * Read a number. The text must be decimal digits without a leading zero ("0" itself is fine).
 * @min @max  the range, both included
 * @ret       written only on success
 * Errors, here and below: -EINVAL not of this form; -ERANGE outside of the range or of 64 bits.
 */
int crl_parse_uint(const char *text, uint64_t min, uint64_t max, uint64_t *ret) CRL_MUST_CHECK;

/* "4096", "512K", "4G", "1T" (powers of 1024), or "unlimited" for UINT64_MAX when @max is UINT64_MAX. */
int crl_parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret) CRL_MUST_CHECK;

/* "9600", "64K", "100M", "1G" bits per second (powers of 1000); "unlimited" as above. */
int crl_parse_rate(const char *text, uint64_t min, uint64_t max, uint64_t *ret) CRL_MUST_CHECK;

/* "200%" gives 2000 per mille; "unlimited" as above. The range is in per mille. */
int crl_parse_percent(const char *text, uint64_t min, uint64_t max, uint64_t *ret) CRL_MUST_CHECK;

/* "90s", "30m", "2h", "1d" or "0", in seconds. */
int crl_parse_duration(const char *text, uint64_t min, uint64_t max, uint64_t *ret) CRL_MUST_CHECK;

/* True for a letter followed by letters, digits, "-" and "_", shorter than @size with its NUL. */
bool crl_name_is_valid(const char *text, size_t size);

/*
 * How many letters have to be put in, left out, changed or swapped with their neighbour to make @b of @a.
 * Texts longer than 64 bytes are far from everything (SIZE_MAX).
 */
size_t crl_word_distance(const char *a, const char *b);

/* The shortest text that reads back as the same value. @size of 24 is always enough. */
void crl_format_size(uint64_t bytes, char *buf, size_t size);
void crl_format_rate(uint64_t bits, char *buf, size_t size);
void crl_format_percent(uint64_t permille, char *buf, size_t size);
void crl_format_duration(uint64_t seconds, char *buf, size_t size);
