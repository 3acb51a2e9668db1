// SPDX-License-Identifier: Apache-2.0
/*
 * The fields of a log line: each word of it that is key=value.
 *
 * Runs in: every product. Pure.
 * R1: a value ends with its word, and a key is small letters and "_": what crl_visible_field() and crl_err_format()
 * have made of texts from outside is never a further field.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct crl_pair {
	const char *key; /* not terminated */
	size_t key_len;
	const char *value; /* not terminated; a colon at its end is the line's and not in it */
	size_t value_len;
};

/* The next field of a line. @at  where to look on; moved behind the field. Returns false: there is none any more. */
bool crl_pair_next(const char **at, struct crl_pair *ret);

/* The first field of that key as a text, "" = the line has none. Cut at @size. Returns @buf. */
const char *crl_pair_find(const char *line, const char *key, char *buf, size_t size);
