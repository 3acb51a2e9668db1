// SPDX-License-Identifier: Apache-2.0
/* See said.h. */
#include "user/said.h"

#include "base/language.h"
#include "wire/contact.h"

enum crl_language crl_user_language(void)
{
	return crl_language_of_room(CRL_LANGUAGE_FILE);
}

const char *crl_user_said(const char *english, char buf[CRL_RETOLD_MAX])
{
	return crl_retell(&crl_user_texts, crl_user_language(), english, buf);
}

int crl_user_width(const char *text, int width)
{
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) == 0x80;
	return width;
}
