// SPDX-License-Identifier: Apache-2.0
/* See same.h. */
#include "layers/same.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

/* As much as there is. */
static ssize_t read_full(int fd, char *buf, off_t at)
{
	size_t got = 0;

	while (got < CHUNK) {
		ssize_t n = pread(fd, buf + got, CHUNK - got, at + (off_t)got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* The chunk at @at or behind it in which the file has data; the one at its end when no other has. */
static off_t next_of(int fd, off_t at)
{
	off_t data = lseek(fd, at, SEEK_DATA);

	if (data < 0 && errno == ENXIO)
		data = lseek(fd, 0, SEEK_END);
	return data < at ? at : data - data % CHUNK; /* one that knows of no holes is read */
}

int crl_same_bytes(int a, int b)
{
	scoped_free char *buf = malloc((size_t)CHUNK * 2);
	off_t at = 0;

	if (!buf)
		return -ENOMEM;
	for (;; at += CHUNK) {
		off_t in_a = next_of(a, at), in_b = next_of(b, at);
		ssize_t n, m;

		at = in_a < in_b ? in_a : in_b;
		n = read_full(a, buf, at);
		m = read_full(b, buf + CHUNK, at);
		if (n < 0 || m < 0)
			return n < 0 ? (int)n : (int)m;
		if (n != m || memcmp(buf, buf + CHUNK, (size_t)n) != 0)
			return 0;
		if (n < CHUNK)
			return 1;
	}
}
