// SPDX-License-Identifier: Apache-2.0
/*
 * How an image of the image store is named: "NAME", or "NAME@sha256:HEX" for that file of it and no other.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#pragma once

#include "base/scope.h"
#include "base/sha256.h"

#define CRL_IMAGE_NAME_MAX 65 /* with NUL */

/*
 * Read such a text. A name is of small letters, digits, ".", "_" and "-", and begins with a letter or digit;
 * "host" is none.
 * @name    CRL_IMAGE_NAME_MAX bytes
 * @digest  "" = the text names none
 * Returns 0, or -EINVAL: what crl_imageref_fault() says.
 */
int crl_imageref_parse(const char *text, char *name, char digest[CRL_SHA256_TEXT]) CRL_MUST_CHECK;

/* What is wrong with such a text, as the end of a sentence, or NULL. */
const char *crl_imageref_fault(const char *text);
