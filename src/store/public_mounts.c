// SPDX-License-Identifier: Apache-2.0
/* See public_mounts.h. Source: proc_pid_mountinfo(5). */
#include "store/public_mounts.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/mountinfo.h"

#define MOUNTINFO "/proc/self/mountinfo"
#define TEXT_MAX (32u << 20)
#define POINT 4 /* which field */

int crl_public_take_mounts(char *text, struct crl_words *ret)
{
	char *line;
	int rc = 0;

	while (rc == 0 && (line = strsep(&text, "\n")) && *line) {
		char *field = NULL;

		for (int i = 0; i <= POINT && line; i++)
			field = strsep(&line, " ");
		if (!line || !field || field[0] != '/')
			return -EBADMSG;
		crl_mountinfo_unescape(field);
		if (field[1])
			rc = crl_words_add(ret, field + 1);
	}
	crl_words_sort(ret);
	return rc;
}

int crl_public_mounts(struct crl_words *ret)
{
	scoped_fd fd = open(MOUNTINFO, O_RDONLY | O_CLOEXEC);
	scoped_free char *text = NULL;
	int rc = fd < 0 ? -errno : crl_file_read_sizeless(fd, TEXT_MAX, &text);

	return rc < 0 ? rc : crl_public_take_mounts(text, ret);
}
