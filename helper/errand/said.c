// SPDX-License-Identifier: Apache-2.0
/* See said.h. */
#include "helper/errand/said.h"

#include <string.h>

#include "base/language.h"
#include "wire/contact.h"

const char *errand_said(const char *english, char buf[CRL_RETOLD_MAX])
{
	return crl_retell(&errand_texts, crl_language_of_room(CRL_LANGUAGE_FILE), english, buf);
}

const char *errand_error(int error)
{
	static char buf[CRL_RETOLD_MAX];
	const char *english = strerrordesc_np(error);

	return errand_said(english ? english : "?", buf);
}
