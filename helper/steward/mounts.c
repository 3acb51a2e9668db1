// SPDX-License-Identifier: Apache-2.0
/* See mounts.h. */
#include "helper/steward/mounts.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/mountinfo.h"

#define TABLE_MAX (4u << 20) /* bytes: some 25,000 mounts */
#define POINT 4 /* fields before the mount point: number, parent, device, root */

static int by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

int crl_mount_table_parse(char *text, struct crl_mount_table *ret)
{
	size_t lines = 0;

	*ret = (struct crl_mount_table){.text = text};
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	ret->line = calloc(lines + 2, sizeof(*ret->line));
	if (!ret->line) {
		crl_mount_table_done(ret);
		return -ENOMEM;
	}
	for (char *line; (line = strsep(&text, "\n"));)
		if (*line)
			ret->line[ret->lines++] = line;
	qsort(ret->line, ret->lines, sizeof(*ret->line), by_text);
	return 0;
}

static const char *skip(const char *at, int fields)
{
	for (; fields > 0 && at; fields--) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at;
}

/* R1: TYPE SOURCE OPTIONS behind the dash. A source is what the user says. */
static bool is_users(const char *line)
{
	const char *type = strstr(line, " - "), *options = type ? skip(type + 3, 2) : NULL, *user;

	if (!options || strncmp(type + 3, "fuse", 4) != 0)
		return false;
	user = strstr(options, "user_id=");
	return user && strtoul(user + strlen("user_id="), NULL, 10) != 0;
}

/* @from  a descriptor, which is closed */
static int read_others(int from, char **ret)
{
	scoped_fd fd = from;
	scoped_file *in = fd < 0 ? NULL : fdopen(fd, "r");
	scoped_free char *line = NULL;
	size_t size = 0, space = 0, len = 0;
	FILE *out;
	int rc = 0;

	if (!in)
		return -errno;
	(void)take_fd(&fd);
	out = open_memstream(ret, &size);
	if (!out)
		return -ENOMEM;
	for (ssize_t n; rc == 0 && (n = getline(&line, &space, in)) > 0;) {
		if (is_users(line))
			continue;
		len += (size_t)n;
		rc = len > TABLE_MAX ? -EFBIG : fwrite(line, 1, (size_t)n, out) != (size_t)n ? -ENOMEM : 0;
	}
	if (rc == 0 && ferror(in))
		rc = -EIO;
	if (fclose(out) != 0 && rc == 0)
		rc = -ENOMEM;
	if (rc < 0)
		free(*ret);
	return rc;
}

int crl_mount_table_read(int mountinfo, struct crl_mount_table *ret)
{
	char *text = NULL;
	int rc = lseek(mountinfo, 0, SEEK_SET) < 0 ? -errno : read_others(fcntl(mountinfo, F_DUPFD_CLOEXEC, 3), &text);

	*ret = (struct crl_mount_table){.lines = 0};
	return rc < 0 ? rc : crl_mount_table_parse(text, ret);
}

void crl_mount_table_done(struct crl_mount_table *t)
{
	free(t->line);
	free(t->text);
	*t = (struct crl_mount_table){.lines = 0};
}

static int find_point(const char *line, char ret[PATH_MAX])
{
	size_t len = 0;

	for (int i = 0; i < POINT; i++) {
		line = strchr(line, ' ');
		if (!line)
			return -EBADMSG;
		line++;
	}
	while (*line && *line != ' ' && len < PATH_MAX - 1)
		ret[len++] = crl_mountinfo_byte(&line);
	ret[len] = '\0';
	return *line == ' ' && ret[0] == '/' ? 0 : -EBADMSG;
}

int crl_mount_table_compare(const struct crl_mount_table *old, const struct crl_mount_table *now,
			    crl_mount_changed *changed, void *arg)
{
	size_t i = 0, k = 0;
	int n = 0;

	while (i < old->lines || k < now->lines) {
		int d = i == old->lines ? 1 : k == now->lines ? -1 : strcmp(old->line[i], now->line[k]);
		char point[PATH_MAX];

		if (d != 0) {
			int rc = find_point(d < 0 ? old->line[i] : now->line[k], point);

			if (rc < 0)
				return rc;
			changed(arg, point);
			n++;
		}
		i += d <= 0;
		k += d >= 0;
	}
	return n;
}
