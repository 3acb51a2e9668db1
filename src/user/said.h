// SPDX-License-Identifier: Apache-2.0
/*
 * What carrel says, in its user's language: it is made in English, and told by the table of said_texts.c.
 *
 * Runs in: carrel, as the user.
 */
#pragma once

#include "base/retell.h"

extern const struct crl_retold_texts crl_user_texts;

/* See base/language.h; asked once. */
enum crl_language crl_user_language(void);

/* Returns @buf or @english. */
const char *crl_user_said(const char *english, char buf[CRL_RETOLD_MAX]);

/* For printf's "%-*s": the bytes that make @width columns of a text, of which each character has one. */
int crl_user_width(const char *text, int width);
