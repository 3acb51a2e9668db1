// SPDX-License-Identifier: Apache-2.0
/*
 * The lines "KEY=VALUE" that the store's small texts are made of, taken one after the other: nothing but what is
 * expected, in its order.
 *
 * Runs in: helper (root), carrelctl (root), keeper and workers (the user's uid). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Take the line of @key off *@text, which moves behind it.
 * @buf  the value; it has one character at least, and no control character
 * Returns false when that is not what comes next, or the value does not fit into @size.
 */
bool crl_line_take(const char **text, const char *key, char *buf, size_t size);

/* The same for a number of at most @max. */
bool crl_line_take_number(const char **text, const char *key, uint64_t max, uint64_t *ret);
