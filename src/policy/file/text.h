// SPDX-License-Identifier: Apache-2.0
/*
 * What libconfig must not see: checks on the bytes of a configuration file, before it is parsed.
 *
 * Runs in: helper, carrelctl. Pure; linear in the length.
 * Why: libconfig 1.5 wraps 64-bit numbers, takes 0777 for decimal, cuts at NUL, follows @include into a FIFO,
 * joins two texts when the comma between them was forgotten, and is quadratic in the length of tokens and of
 * groups.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define CRL_TEXT_DEPTH_MAX 8 /* brackets within brackets */
#define CRL_TEXT_STRING_MAX 4096 /* bytes between two quotes */
#define CRL_TEXT_WORD_MAX 64 /* bytes of a key, number or bare word */
#define CRL_TEXT_MEMBERS_MAX 512 /* in one group */
#define CRL_TEXT_SETTINGS_MAX 16384 /* in one file */

/*
 * Check a text and make it ready: comments are left out and carriage returns become spaces, so that libconfig's idea
 * of what is a comment cannot differ from this one, and most of what people write is not read twice. Line numbers stay.
 * @text  @len bytes and a NUL after them; changed in place, and no longer than before
 * @file  name for errors
 * Errors (stage CONFIG, file and line): -EINVAL.
 */
int crl_text_prepare(char *text, size_t len, const char *file, struct crl_err *err) CRL_MUST_CHECK;

/*
 * The text that a key has in a file that cannot be parsed: KEY = "TEXT" at the beginning of a line. For messages only.
 * Returns @buf, or NULL when there is none such, or one longer than @size.
 */
const char *crl_text_guess(const char *text, const char *key, char *buf, size_t size);

/* Write the given line (1-based) of a prepared text to @buf, without the space around it; cut when it is
 * long. */
void crl_text_line(const char *text, int line, char *buf, size_t size);
