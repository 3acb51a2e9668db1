// SPDX-License-Identifier: Apache-2.0
/* See public_mounts.h. Source: proc_pid_mountinfo(5). */
#include "store/public_mounts.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"

#define MOUNTINFO "/proc/self/mountinfo"
#define TEXT_MAX (32u << 20)
#define POINT 4 /* which field */

/* Three octal digits after a backslash are a byte. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++)
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' &&
		    s[3] <= '7') {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	*out = '\0';
}

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
		unescape(field);
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
