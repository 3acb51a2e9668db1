// SPDX-License-Identifier: Apache-2.0
/* See dir.h. */
#include "base/dir.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/parse.h"

/* @fd is taken in any case. */
static int begin(int fd, struct crl_dir *ret)
{
	*ret = (struct crl_dir){.stream = fd < 0 ? NULL : fdopendir(fd)};
	if (!ret->stream) {
		ret->error = fd < 0 ? -EBADF : -errno;
		scope_close_fd(&fd);
	}
	return ret->error;
}

static int open_dir(int at, const char *name, int flags, struct crl_dir *ret)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);

	if (fd >= 0)
		return begin(fd, ret);
	*ret = (struct crl_dir){.error = -errno};
	return ret->error;
}

int crl_dir_take(int fd, struct crl_dir *ret)
{
	int rc = begin(fd, ret);

	crl_dir_rewind(ret);
	ret->error = rc;
	return rc;
}

int crl_dir_open(int at, const char *name, struct crl_dir *ret)
{
	return open_dir(at, name, O_NOFOLLOW, ret);
}

int crl_dir_follow(int at, const char *name, struct crl_dir *ret)
{
	return open_dir(at, name, 0, ret);
}

const char *crl_dir_next(struct crl_dir *d)
{
	while (d->stream && d->error == 0) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(d->stream);
		if (!entry) {
			d->error = -errno;
			return NULL;
		}
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	}
	return NULL;
}

bool crl_dir_next_number(struct crl_dir *d, int *ret)
{
	uint64_t number;

	for (const char *name; (name = crl_dir_next(d));) {
		if (crl_parse_uint(name, 0, INT_MAX, &number) < 0)
			continue;
		*ret = (int)number;
		return true;
	}
	return false;
}

int crl_dir_fd(const struct crl_dir *d)
{
	return d->stream ? dirfd(d->stream) : -EBADF;
}

void crl_dir_rewind(struct crl_dir *d)
{
	if (d->stream)
		rewinddir(d->stream);
	d->error = 0;
}

void crl_dir_done(struct crl_dir *d)
{
	if (d->stream) {
		int saved = errno;

		(void)closedir(d->stream); /* it was only read */
		errno = saved;
	}
	d->stream = NULL;
}
