// SPDX-License-Identifier: Apache-2.0
/*
 * A tree as a text, one line for each name, in the order of bytes: two trees are the same when their texts are.
 * Names that begin with ".carrel-" in a text of CONTENT are left out: an interrupted run may leave them.
 */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum portrait_kind {
	PORTRAIT_CONTENT, /* names, types, modes, contents, attributes, times of files */
	PORTRAIT_LINKS, /* which names are links to one file as well */
	PORTRAIT_ALL /* times of directories as well */
};

struct portrait {
	FILE *out;
	enum portrait_kind kind;
	struct {
		dev_t dev;
		ino_t ino;
		unsigned int number;
	} seen[4096];
	unsigned int links;
};

static inline void portrait_attributes(struct portrait *p, const char *path)
{
	static const char *const names[] = {"user.one", "user.two", "system.posix_acl_access",
					    "system.posix_acl_default"};

	for (size_t i = 0; i < 4; i++) {
		unsigned char value[256];
		ssize_t n = lgetxattr(path, names[i], value, sizeof(value));

		if (n < 0)
			continue;
		(void)fprintf(p->out, " %s=", names[i]);
		for (ssize_t k = 0; k < n; k++)
			(void)fprintf(p->out, "%02x", value[k]);
	}
}

static inline void portrait_content(struct portrait *p, const char *path, const struct stat *st)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t hash = 14695981039346656037u;
	char buf[65536];
	ssize_t n = fd < 0 ? -1 : 0;

	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			hash = (hash ^ (unsigned char)buf[i]) * 1099511628211u;
	(void)fprintf(p->out, " %jd:%s%016" PRIx64, (intmax_t)st->st_size, n < 0 ? "unread" : "", hash);
	if (st->st_size > 100000)
		(void)fprintf(p->out, " %s", st->st_blocks * 512 < st->st_size / 2 ? "holes" : "full");
	if (fd >= 0)
		(void)close(fd);
}

/* Files that are one have one number, by the order in which they are met. */
static inline void portrait_link(struct portrait *p, const struct stat *st)
{
	unsigned int i = 0;

	while (i < p->links && (p->seen[i].dev != st->st_dev || p->seen[i].ino != st->st_ino))
		i++;
	if (i == p->links && p->links < 4096) {
		p->seen[i].dev = st->st_dev;
		p->seen[i].ino = st->st_ino;
		p->links++;
	}
	(void)fprintf(p->out, " #%u", i);
}

static inline void portrait_name(struct portrait *p, const char *path, const struct stat *st)
{
	char target[512];
	ssize_t n;

	for (const char *c = path; *c; c++)
		(void)fprintf(p->out, *c > ' ' && *c < 127 ? "%c" : "\\x%02x", (unsigned char)*c);
	(void)fprintf(p->out, " %o %u", st->st_mode, st->st_uid);
	if (!S_ISDIR(st->st_mode) || p->kind == PORTRAIT_ALL)
		(void)fprintf(p->out, " %jd.%09ld", (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	if (S_ISREG(st->st_mode))
		portrait_content(p, path, st);
	if (S_ISREG(st->st_mode) && p->kind != PORTRAIT_CONTENT)
		portrait_link(p, st);
	n = S_ISLNK(st->st_mode) ? readlink(path, target, sizeof(target) - 1) : -1;
	if (n >= 0)
		(void)fprintf(p->out, " -> %.*s", (int)n, target);
	portrait_attributes(p, path);
	(void)fputc('\n', p->out);
}

static inline int portrait_filter(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static inline int portrait_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static inline void portrait_dir(struct portrait *p, const char *dir)
{
	struct dirent **entry;
	int n = scandir(dir, &entry, portrait_filter, portrait_order);

	for (int i = 0; i < n; i++) {
		char path[1024];
		struct stat st;

		if (snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name) < (int)sizeof(path) &&
		    (p->kind != PORTRAIT_CONTENT || strncmp(entry[i]->d_name, ".carrel-", 8) != 0) &&
		    lstat(path, &st) == 0) {
			portrait_name(p, path, &st);
			if (S_ISDIR(st.st_mode))
				portrait_dir(p, path);
		}
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
}

/* Of the directory @dir and all that is in it. To be freed; NULL: it is none. */
static inline char *portrait_of(const char *dir, enum portrait_kind kind)
{
	static struct portrait p;
	int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int there = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	size_t size = 0;

	if (back < 0 || there < 0 || fchdir(there) < 0 || fstat(there, &st) < 0)
		return NULL;
	p = (struct portrait){.out = open_memstream(&text, &size), .kind = kind};
	if (!p.out)
		return NULL;
	portrait_name(&p, ".", &st);
	portrait_dir(&p, ".");
	(void)fclose(p.out);
	if (fchdir(back) < 0)
		return NULL;
	(void)close(back);
	(void)close(there);
	return text;
}
