// SPDX-License-Identifier: Apache-2.0
/* See contact.h. */
#include "wire/contact.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/plain.h"

const char *crl_contact_read(const char *path, char buf[CRL_CONTACT_MAX])
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	char text[CRL_CONTACT_MAX + 2];

	buf[0] = '\0';
	if (root < 0 || crl_plain_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd) < 0 ||
	    crl_file_read_fd(fd, text, sizeof(text)) < 0)
		return buf;
	text[strcspn(text, "\n")] = '\0';
	if (crl_err_contact_is_valid(text))
		memcpy(buf, text, strlen(text) + 1);
	return buf;
}
