// SPDX-License-Identifier: Apache-2.0
/* See file.h. */
#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/parse.h"

#define FIRST 16384 /* bytes to begin with where no size is known */
#define SPARE 4096 /* bytes that one read(2) has room for at least */

ssize_t crl_file_read_fd(int fd, char *buf, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buf, size - 1);
	} while (n < 0 && errno == EINTR);
	buf[n < 0 ? 0 : n] = '\0';
	return n < 0 ? -errno : n;
}

ssize_t crl_file_read(int at, const char *name, char *buf, size_t size)
{
	scoped_fd fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	buf[0] = '\0';
	return fd < 0 ? -errno : crl_file_read_fd(fd, buf, size);
}

int crl_file_read_number(int at, const char *name, uint64_t *ret)
{
	char text[32];
	ssize_t n = crl_file_read(at, name, text, sizeof(text));

	if (n < 0)
		return (int)n;
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return crl_parse_uint(text, 0, UINT64_MAX, ret) < 0 ? -EBADMSG : 0;
}

int crl_file_write(int at, const char *name, const char *text)
{
	scoped_fd fd = openat(at, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int write_whole(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int crl_file_write_all(int fd, const char *text, size_t len)
{
	int rc = write_whole(fd, text, len);

	return rc == 0 && fsync(fd) < 0 ? -errno : rc;
}

static int make_new(int at, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(at, name, 0) == 0)
		fd = openat(at, name, flags, 0600);
	return fd < 0 ? -errno : fd;
}

int crl_file_replace(int at, const struct crl_file *f)
{
	scoped_fd fd = make_new(at, f->beside);
	int rc;

	if (fd < 0)
		return fd;
	rc = f->durable ? crl_file_write_all(fd, f->data, f->len) : write_whole(fd, f->data, f->len);
	if (rc == 0 && fchmod(fd, f->mode) < 0)
		rc = -errno;
	if (rc == 0 && renameat(at, f->beside, at, f->name) < 0)
		rc = -errno;
	if (rc < 0)
		(void)unlinkat(at, f->beside, 0); /* half a file helps nobody, and takes what there is too little of */
	return rc;
}

int crl_file_read_all(int fd, char **ret_text, size_t *ret_len)
{
	struct stat st;
	scoped_free char *text = NULL;
	size_t capacity;
	size_t len = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	/* One byte more than its size tells a file that grew; the limit holds for what is read, not for st_size. */
	capacity = st.st_size < 0 || st.st_size > (off_t)CRL_FILE_MAX ? CRL_FILE_MAX + 1 : (size_t)st.st_size + 1;
	text = malloc(capacity + 1);
	if (!text)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(fd, text + len, capacity - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		if (n == 0)
			break;
		if (len == capacity)
			return -EFBIG;
	}
	text[len] = '\0';
	*ret_text = take_ptr(text);
	*ret_len = len;
	return 0;
}

int crl_file_read_sizeless(int fd, size_t max, char **ret_text)
{
	scoped_free char *text = NULL;
	size_t size = 0, len = 0;
	ssize_t n = 1;

	while (n > 0) {
		if (size - len < SPARE) {
			char *bigger = size < max ? realloc(text, size ? size * 2 : FIRST) : NULL;

			if (!bigger)
				return size < max ? -ENOMEM : -EFBIG;
			text = bigger;
			size = size ? size * 2 : FIRST;
		}
		n = read(fd, text + len, size - len - 1);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	text[len] = '\0';
	*ret_text = take_ptr(text);
	return 0;
}
