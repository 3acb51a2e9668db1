// SPDX-License-Identifier: Apache-2.0
/* See language.h. */
#include "base/language.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/plain.h"
#include "base/scope.h"

bool crl_language_of_locale(const char *locale, enum crl_language *ret)
{
	size_t len = strcspn(locale, "_.@\n");
	const char *name = (len == 1 && locale[0] == 'C') || (len == 5 && strncmp(locale, "POSIX", len) == 0)
				   ? crl_language_name(CRL_LANGUAGE_EN)
				   : locale;

	len = strcspn(name, "_.@\n");
	for (enum crl_language i = 0; i < CRL_LANGUAGE_COUNT; i++) {
		const char *known = crl_language_name(i);

		if (strlen(known) == len && strncmp(known, name, len) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

enum crl_language crl_language_chosen(enum crl_language policys)
{
	const char *all = getenv("LC_ALL"), *messages = getenv("LC_MESSAGES");
	enum crl_language own;

	if (all && all[0])
		return crl_language_of_locale(all, &own) ? own : policys;
	return messages && crl_language_of_locale(messages, &own) ? own : policys;
}

enum crl_language crl_language_in_room(const char *file)
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	enum crl_language policys = CRL_LANGUAGE_EN;
	char text[8];

	if (root >= 0 && crl_plain_open(root, file, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd) == 0 &&
	    crl_file_read_fd(fd, text, sizeof(text)) > 0 && !crl_language_of_locale(text, &policys))
		policys = CRL_LANGUAGE_EN;
	return crl_language_chosen(policys);
}

enum crl_language crl_language_of_room(const char *file)
{
	static enum crl_language language = CRL_LANGUAGE_COUNT;

	if (language == CRL_LANGUAGE_COUNT)
		language = crl_language_in_room(file);
	return language;
}
