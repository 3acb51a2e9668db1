// SPDX-License-Identifier: Apache-2.0
/*
 * What an entry was last mounted over: STORE/…/lower, one a line, "end" behind them. See entry.h.
 *
 * R1: what is noted already is not written again: a disk that is full keeps nobody out.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/entry.h"

#define LOWER "lower"
#define LOWER_NEW ".lower"
#define LOWER_TEXT_MAX (256u << 10)
#define END "end\n"

static bool can_be_noted(const char *line)
{
	return line[0] && !strchr(line, '\n') && strcmp(line, "end") != 0;
}

/* R1 */
static bool is_noted(const struct crl_entry *e, const char *text)
{
	scoped_fd fd = openat(e->dir, LOWER, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	scoped_free char *there = NULL;
	size_t len;

	return fd >= 0 && crl_file_read_all(fd, &there, &len) == 0 && strlen(there) == len && !strcmp(there, text);
}

int crl_entry_write_lower(const struct crl_entry *e, const char *const *line, size_t len)
{
	scoped_free char *text = NULL;
	size_t size = sizeof(END), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (len > CRL_LOWERS_MAX || !can_be_noted(line[i]))
			return -EINVAL;
		size += strlen(line[i]) + 1;
	}
	text = size > LOWER_TEXT_MAX ? NULL : malloc(size);
	if (!text)
		return size > LOWER_TEXT_MAX ? -EINVAL : -ENOMEM;
	for (size_t i = 0; i < len; i++)
		at += (size_t)snprintf(text + at, size - at, "%s\n", line[i]);
	memcpy(text + at, END, sizeof(END));
	if (is_noted(e, text))
		return 0;
	return crl_file_replace(e->dir, &(struct crl_file){.name = LOWER,
							   .beside = LOWER_NEW,
							   .data = text,
							   .len = size - 1,
							   .mode = 0600,
							   .durable = true});
}

static int take_lines(char *text, struct crl_lowers *l)
{
	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		if (strcmp(text, "end") == 0)
			return end[1] ? -EBADMSG : 0;
		if (l->len == CRL_LOWERS_MAX || !text[0])
			return -EBADMSG;
		l->item[l->len] = strdup(text);
		if (!l->item[l->len])
			return -ENOMEM;
		l->len++;
	}
	return -EBADMSG;
}

int crl_entry_read_lower(const struct crl_entry *e, struct crl_lowers *ret)
{
	scoped_fd fd = openat(e->dir, LOWER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	scoped(crl_lowers) l = {.item = calloc(CRL_LOWERS_MAX, sizeof(char *))};
	scoped_free char *text = NULL;
	size_t len;
	int rc = fd < 0 ? -errno : l.item ? crl_file_read_all(fd, &text, &len) : -ENOMEM;

	if (rc == 0)
		rc = strlen(text) == len ? take_lines(text, &l) : -EBADMSG;
	if (rc < 0)
		return rc;
	*ret = l;
	l = (struct crl_lowers){0};
	return 0;
}

void crl_lowers_done(struct crl_lowers *l)
{
	for (size_t i = 0; i < l->len; i++)
		free(l->item[i]);
	free(l->item);
	*l = (struct crl_lowers){0};
}
