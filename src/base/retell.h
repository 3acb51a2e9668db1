// SPDX-License-Identifier: Apache-2.0
/*
 * Texts that are made in English, told in another language: by tables of which each row is one text, known by its
 * English. So errors stay English in the log, and what another process has said in English is told as well.
 *
 * Runs in: carrel, carrel-shell, carrel-errand. Pure; no allocation.
 */
#pragma once

#include <stddef.h>

#include "base/phrases.h"

#define CRL_RETOLD_MAX 2048 /* bytes that are enough for a text with what is put in */

/* A row; {1} and {2} stand for anything, each once at most, in every language that has them in English. */
struct crl_retold_text {
	const char *in[CRL_LANGUAGE_COUNT];
};

/* A table of one area. */
struct crl_retold_texts {
	const struct crl_retold_text *row;
	size_t len;
};

/*
 * Tell @english in @language.
 * @buf  of CRL_RETOLD_MAX bytes
 * Returns @buf; or @english itself where that is the language, where no row has it, or where it is too long.
 */
const char *crl_retell(const struct crl_retold_texts *t, enum crl_language language, const char *english,
		       char buf[CRL_RETOLD_MAX]);
