// SPDX-License-Identifier: Apache-2.0
/*
 * What carrel-errand says, in its user's language: it is made in English, and told by the table of said_texts.c.
 *
 * Runs in: a room, as its user.
 */
#pragma once

#include "base/retell.h"

extern const struct crl_retold_texts errand_texts;

/* Returns @buf or @english. */
const char *errand_said(const char *english, char buf[CRL_RETOLD_MAX]);

/* What the system says of an errno, in that language. Lives until the next. */
const char *errand_error(int error);
