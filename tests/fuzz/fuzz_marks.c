// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as the marks of directories: wherever they lead, what is shown are directories of the layers, each part one of
 * its own layer.
 *
 * Runs in: libFuzzer only. The tree is made once, below /tmp, and goes with the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "layers/diff.h"
#include "layers/view.h"

#define LAYERS 3
#define DIRS 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size);

static char top[] = "/tmp/fuzz-marks-XXXXXX";
static struct crl_layers layers = {.len = LAYERS, .top = 1, .marks = CRL_MARKS_OWN};
static struct stat known[LAYERS][DIRS];

/* What is left of the input. */
static const uint8_t *next;
static size_t left;

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

/* One byte says what there is: nothing, or a value of so many bytes. */
ssize_t __wrap_fgetxattr(int fd, const char *name, void *value, size_t size)
{
	size_t len;

	(void)fd;
	if (left == 0 || *next == 0 || strncmp(name, "trusted.overlay.", 16) != 0) {
		if (left) {
			next++;
			left--;
		}
		errno = ENODATA;
		return -1;
	}
	len = *next++;
	left--;
	if (len > left)
		len = left;
	if (len > size) {
		errno = ERANGE;
		return -1;
	}
	memcpy(value, next, len);
	next += len;
	left -= len;
	return (ssize_t)len;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_all(void)
{
	(void)nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_layer(int at, size_t layer)
{
	static const char *const dirs[DIRS] = {".", "a", "a/b", "a/b/c", "b", "b/a", "c"};
	char name[8];

	(void)snprintf(name, sizeof(name), "%zu", layer);
	expect(mkdirat(at, name, 0700) == 0);
	layers.fd[layer] = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < DIRS; i++) {
		expect(i == 0 || mkdirat(layers.fd[layer], dirs[i], 0700) == 0);
		expect(fstatat(layers.fd[layer], dirs[i], &known[layer][i], 0) == 0);
	}
	expect(symlinkat("/etc", layers.fd[layer], "b/out") == 0 && symlinkat("..", layers.fd[layer], "up") == 0);
	expect(mknodat(layers.fd[layer], layer % 2 ? "x" : "a/x", S_IFREG | 0600, 0) == 0);
}

static void make(void)
{
	scoped_fd at = mkdtemp(top) ? open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;

	for (size_t i = 0; i < LAYERS; i++)
		make_layer(at, i);
	(void)atexit(remove_all);
}

static void check_dir(const struct crl_view_dir *dir)
{
	expect(dir->len > 0 && dir->len <= LAYERS && dir->news <= dir->len);
	for (size_t i = 0; i < dir->len; i++) {
		bool found = false;
		struct stat st;

		expect(i == 0 || dir->part[i].layer > dir->part[i - 1].layer);
		expect(fstat(dir->part[i].fd, &st) == 0);
		for (size_t k = 0; k < DIRS; k++)
			found = found ||
				(known[dir->part[i].layer][k].st_ino == st.st_ino && st.st_dev == known[0][0].st_dev);
		expect(found);
	}
}

static void walk(const struct crl_view_dir *dir)
{
	scoped(crl_view_walk) names = {0};
	struct crl_view_entry e;
	const char *name;

	check_dir(dir);
	expect(crl_view_walk_begin(dir, dir->len, &names) == 0);
	while (crl_view_walk_next(&names, &name, &e) == 1) {
		scoped(crl_view_dir) below = {0};
		int rc = crl_view_enter(dir, name, &below);

		expect(rc == 0 || rc == -ENOTDIR || rc == -EINVAL || rc == -ENAMETOOLONG);
		if (rc == 0)
			walk(&below);
	}
}

static int tell(void *arg, const struct crl_diff_change *c)
{
	(void)arg;
	expect(c->path[0] != '/' && (c->kind != CRL_DIFF_RENAMED || c->from));
	return CRL_DIFF_ON;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct crl_diff_wish wish = {.tell = tell};
	scoped(crl_view_dir) root = {0};
	int rc;

	if (layers.fd[0] == 0)
		make();
	next = data;
	left = size;
	expect(crl_view_open(&layers, &root) == 0);
	walk(&root);
	layers.top = 1 + size % 2;
	next = data;
	left = size;
	rc = crl_diff_walk(&layers, &wish, NULL);
	expect(rc == 0 || rc == -ENAMETOOLONG);
	return 0;
}
