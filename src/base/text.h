// SPDX-License-Identifier: Apache-2.0
/*
 * Texts from outside in log lines.
 *
 * Runs in: every product; no allocation, no locale.
 */
#pragma once

#include <stddef.h>

/*
 * Make a text fit for the value of a key=value line: every byte that is not a visible ASCII character, and \ " =,
 * becomes \xNN. So no name, terminal or host can pass for a further field.
 * @text  NULL is ""
 * Cut at @size without splitting a \xNN; always terminated when @size is not 0. Returns @buf.
 */
const char *crl_visible_field(char *buf, size_t size, const char *text);

/* The same for a whole line, in which blanks and quotes are as they are: only what is no visible ASCII becomes \xNN. */
const char *crl_visible_line(char *buf, size_t size, const char *text);

/* Bytes that hold the field of any text of at most @max bytes with its NUL. */
#define CRL_VISIBLE_MAX(max) (4 * (max))
