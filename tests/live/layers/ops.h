// SPDX-License-Identifier: Apache-2.0
/*
 * Random trees and random changes to them, by a seed: what a user does to a home, with the corner cases more often.
 * They work in the working directory, which a test makes the root of a tree or of an overlay.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define OPS_PATHS 400
#define OPS_PATH 512

struct ops {
	uint64_t state;
	char path[OPS_PATHS][OPS_PATH];
	int len;
};

static inline unsigned int ops_random(struct ops *o, unsigned int below)
{
	o->state = o->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned int)(o->state >> 33) % below;
}

static inline const char *ops_name(struct ops *o)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "with\nnewline", "\xff\xfe"};

	return names[ops_random(o, 8)];
}

static inline void ops_list(struct ops *o, const char *dir)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; d && (e = readdir(d)) && o->len < OPS_PATHS;) {
		char path[OPS_PATH];
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= OPS_PATH - 100)
			continue;
		memcpy(o->path[o->len++], path, sizeof(path));
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			ops_list(o, path);
	}
	if (d)
		(void)closedir(d);
}

/* One of the paths that are there, of a type: S_IFDIR, S_IFREG, 0 = any; "." when there is none */
static inline const char *ops_pick(struct ops *o, mode_t type)
{
	for (int tries = 0; tries < 20 && o->len > 0; tries++) {
		const char *path = o->path[ops_random(o, (unsigned int)o->len)];
		struct stat st;

		if (lstat(path, &st) == 0 && (!type || (st.st_mode & S_IFMT) == type))
			return path;
	}
	return ".";
}

static inline void ops_new(struct ops *o, char path[OPS_PATH])
{
	const char *dir = ops_random(o, 4) ? ops_pick(o, S_IFDIR) : ".";

	(void)snprintf(path, OPS_PATH, "%s/%s", dir, ops_name(o));
}

static inline void ops_write(struct ops *o, const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, ops_random(o, 3) ? 0644 : 0600);
	char text[64];

	if (fd < 0)
		return;
	for (unsigned int i = ops_random(o, 40); i > 0; i--) {
		int n = snprintf(text, sizeof(text), "%u ", ops_random(o, 1u << 30));

		if (write(fd, text, (size_t)n) != n)
			break;
	}
	if (ops_random(o, 12) == 0 && ftruncate(fd, 300000 + ops_random(o, 300000)) == 0 &&
	    pwrite(fd, "behind a hole", 13, 200000) < 0)
		(void)fprintf(stderr, "ops: %s\n", strerror(errno));
	(void)close(fd);
}

static inline void ops_remove(const char *path)
{
	DIR *d;

	if (strcmp(path, ".") == 0 || unlink(path) == 0 || rmdir(path) == 0)
		return;
	d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		char child[OPS_PATH];

		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    snprintf(child, sizeof(child), "%s/%s", path, e->d_name) < OPS_PATH)
			ops_remove(child);
	}
	if (d)
		(void)closedir(d);
	(void)!rmdir(path);
}

static inline void ops_attributes(struct ops *o)
{
	static const uint8_t acl[] = {2, 0, 0,   0,   1,   0,   7,  0, 255, 255, 255, 255, 2,   0,  4,
				      0, 1, 2,   0,   0,   4,   0,  5, 0,   255, 255, 255, 255, 16, 0,
				      5, 0, 255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};
	static const mode_t file_mode[] = {0644, 0600, 0444, 0755}, dir_mode[] = {0755, 0700, 0750, 0555};
	const char *file = ops_pick(o, S_IFREG), *dir = ops_pick(o, S_IFDIR);
	char value[16];

	switch (ops_random(o, 6)) {
	case 0:
		if (strcmp(file, ".") != 0)
			(void)!chmod(file, file_mode[ops_random(o, 4)]);
		break;
	case 1:
		(void)!chmod(strcmp(dir, ".") ? dir : file, dir_mode[ops_random(o, ops_random(o, 4) ? 3 : 4)]);
		break;
	case 2:
		(void)snprintf(value, sizeof(value), "%u", ops_random(o, 1000));
		(void)!setxattr(ops_random(o, 2) ? file : dir, ops_random(o, 2) ? "user.one" : "user.two", value,
				strlen(value), 0);
		break;
	case 3:
		(void)!removexattr(ops_random(o, 2) ? file : dir, "user.one");
		break;
	case 4:
		(void)!setxattr(ops_random(o, 2) ? file : dir, "system.posix_acl_access", acl, sizeof(acl), 0);
		break;
	default:
		(void)!setxattr(dir, "system.posix_acl_default", acl, sizeof(acl), 0);
	}
}

/* "d" goes aside and is made anew; or what is in it takes its place. */
static inline void ops_turn(struct ops *o)
{
	const char *dir = ops_pick(o, S_IFDIR), *inner;
	char path[OPS_PATH + 8], name[OPS_PATH];

	if (strcmp(dir, ".") == 0)
		return;
	(void)snprintf(name, sizeof(name), "%s", dir);
	(void)snprintf(path, sizeof(path), "%s.old", name);
	if (ops_random(o, 2)) {
		if (rename(name, path) == 0 && mkdir(name, 0755) == 0) {
			(void)snprintf(path, sizeof(path), "%s/%s", name, ops_name(o));
			ops_write(o, path, O_CREAT);
		}
		return;
	}
	inner = ops_pick(o, S_IFDIR);
	if (strncmp(inner, name, strlen(name)) == 0 && inner[strlen(name)] == '/' && rename(inner, "./turned") == 0) {
		ops_remove(name);
		(void)!rename("./turned", name);
	}
}

static inline void ops_one(struct ops *o)
{
	char path[OPS_PATH], from[OPS_PATH];

	o->len = 0;
	ops_list(o, ".");
	ops_new(o, path);
	(void)snprintf(from, sizeof(from), "%s", ops_pick(o, ops_random(o, 2) ? S_IFDIR : 0));
	switch (ops_random(o, 16)) {
	case 0:
	case 1:
		ops_write(o, path, O_CREAT | O_TRUNC);
		break;
	case 2:
		ops_write(o, ops_pick(o, S_IFREG), O_APPEND);
		break;
	case 3:
		(void)!unlink(ops_pick(o, S_IFREG));
		break;
	case 4:
		ops_remove(from);
		break;
	case 5:
		(void)!mkdir(path, 0755);
		break;
	case 6:
	case 7:
	case 8:
		(void)!rename(from, path);
		break;
	case 9:
		(void)!renameat2(AT_FDCWD, from, AT_FDCWD, ops_pick(o, S_IFDIR), RENAME_EXCHANGE);
		break;
	case 10:
		(void)!symlink(ops_name(o), path);
		break;
	case 11:
		(void)!link(ops_pick(o, S_IFREG), path);
		break;
	case 12:
		if (ops_random(o, 4) == 0)
			(void)!mkfifo(path, 0640);
		else
			ops_remove(path);
		break;
	case 13:
		ops_turn(o);
		break;
	default:
		ops_attributes(o);
	}
}

/* A tree, or changes to what is there: @n operations of the user. */
static inline void ops_run(uint64_t seed, int n)
{
	static struct ops o;

	o = (struct ops){.state = seed * 2654435761u + 12345};
	while (n-- > 0)
		ops_one(&o);
}
