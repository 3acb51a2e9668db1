// SPDX-License-Identifier: Apache-2.0
/* A tar stream, written; see tar.h. */
#include "ctl/home/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define BLOCK 512
#define PIECE (128 * BLOCK)
#define OCTAL_7 07777777u /* what fits into seven digits */
#define OCTAL_11 077777777777u
#define ATTRIBUTES_MAX 65536 /* bytes of a name list or a value, as the kernel has it */
#define SEGMENTS_MAX 100000 /* of a file's data; a file with more is written with its holes as zeros */
#define SPARSE_DIR "GNUSparseFile.0/"

struct tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char sum[8];
	char type;
	char link[100];
	char magic[8];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char padding[12];
};

_Static_assert(sizeof(struct tar_header) == BLOCK, "a header of tar is one block");

/* Where a file has data. */
struct segment {
	uint64_t at;
	uint64_t len;
};

struct sparse {
	struct segment *segment;
	size_t len;
	uint64_t data; /* bytes of all of them */
	char *map; /* the text in front of the data, padded */
	size_t map_len;
};

static int put(struct ctl_tar *t, const void *data, size_t len)
{
	for (size_t n = 0; n < len;) {
		ssize_t done = write(t->fd, (const char *)data + n, len - n);

		if (done < 0 && errno != EINTR)
			return -errno;
		if (done < 0 && t->stop && t->stop(NULL))
			return -EINTR;
		n += done > 0 ? (size_t)done : 0;
	}
	return 0;
}

static int pad(struct ctl_tar *t, uint64_t len)
{
	static const char zeros[BLOCK];

	return len % BLOCK == 0 ? 0 : put(t, zeros, BLOCK - len % BLOCK);
}

/* ---- records of pax: "LENGTH KEY=VALUE\n", where the length counts itself ---- */

static int record(struct ctl_tar *t, const char *key, const void *value, size_t len)
{
	size_t size = strlen(key) + len + 3, digits = 1, total;

	for (total = size + digits; snprintf(NULL, 0, "%zu", total) > (int)digits; total = size + digits)
		digits++;
	if (t->text_len + total + 1 > t->text_room) {
		size_t room = 2 * t->text_room + total + 1;
		char *grown = realloc(t->text, room);

		if (!grown)
			return -ENOMEM;
		t->text = grown;
		t->text_room = room;
	}
	(void)sprintf(t->text + t->text_len, "%zu %s=", total, key);
	memcpy(t->text + t->text_len + total - len - 1, value, len);
	t->text[t->text_len + total - 1] = '\n';
	t->text_len += total;
	return 0;
}

static int record_number(struct ctl_tar *t, const char *key, uint64_t n)
{
	char text[32];

	return record(t, key, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, n));
}

static bool is_carried(const char *name)
{
	return strncmp(name, "user.", 5) == 0 || strcmp(name, "system.posix_acl_access") == 0 ||
	       strcmp(name, "system.posix_acl_default") == 0;
}

static int record_attribute(struct ctl_tar *t, int fd, const char *name)
{
	scoped_free char *value = malloc(ATTRIBUTES_MAX);
	char key[300];
	ssize_t n;

	/* A record's key ends with "=" */
	if (!is_carried(name) || strchr(name, '='))
		return 0;
	if (!value)
		return -ENOMEM;
	n = fgetxattr(fd, name, value, ATTRIBUTES_MAX);
	if (n < 0)
		return errno == ENODATA ? 0 : -errno;
	(void)snprintf(key, sizeof(key), "SCHILY.xattr.%s", name);
	return record(t, key, value, (size_t)n);
}

static int record_attributes(struct ctl_tar *t, int fd)
{
	scoped_free char *names = fd < 0 ? NULL : malloc(ATTRIBUTES_MAX);
	ssize_t n;
	int rc = 0;

	if (!names)
		return fd < 0 ? 0 : -ENOMEM;
	n = flistxattr(fd, names, ATTRIBUTES_MAX);
	if (n < 0)
		return errno == ENOTSUP ? 0 : -errno;
	for (const char *name = names; rc == 0 && name < names + n; name += strlen(name) + 1)
		rc = record_attribute(t, fd, name);
	return rc;
}

/* ---- headers ---- */

/* Cut off on the left where it does not fit: then a record has it. */
static void octal(char *field, size_t size, uint64_t n)
{
	for (size_t i = size - 1; i-- > 0; n >>= 3)
		field[i] = (char)('0' + (n & 7));
	field[size - 1] = '\0';
}

static int put_header(struct ctl_tar *t, char type, const char *name, const struct stat *st, uint64_t size)
{
	struct tar_header h;
	unsigned int sum = 0;

	memset(&h, 0, sizeof(h));
	memcpy(h.name, name, strnlen(name, sizeof(h.name)));
	octal(h.mode, sizeof(h.mode), st->st_mode & 01777); /* no set-id bits */
	octal(h.uid, sizeof(h.uid), st->st_uid);
	octal(h.gid, sizeof(h.gid), st->st_gid);
	octal(h.size, sizeof(h.size), size);
	octal(h.mtime, sizeof(h.mtime), st->st_mtim.tv_sec > 0 ? (uint64_t)st->st_mtim.tv_sec : 0);
	h.type = type;
	memcpy(h.magic, "ustar\00000", 8);
	memset(h.sum, ' ', sizeof(h.sum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((const unsigned char *)&h)[i];
	octal(h.sum, 7, sum);
	return put(t, &h, sizeof(h));
}

/* Where a record stands for it the header's field may be anything. */
static int record_all(struct ctl_tar *t, const struct ctl_tar_entry *e, uint64_t size, bool sparse)
{
	const struct timespec *when = &e->st->st_mtim;
	char text[64];
	int rc = 0;

	if (sparse) {
		rc = record(t, "GNU.sparse.major", "1", 1);
		rc = rc < 0 ? rc : record(t, "GNU.sparse.minor", "0", 1);
		rc = rc < 0 ? rc : record(t, "GNU.sparse.name", e->path, strlen(e->path));
		rc = rc < 0 ? rc : record_number(t, "GNU.sparse.realsize", (uint64_t)e->st->st_size);
	} else {
		rc = record(t, "path", e->path, strlen(e->path));
	}
	if (rc == 0 && e->link)
		rc = record(t, "linkpath", e->link, strlen(e->link));
	if (rc == 0 && size > OCTAL_11)
		rc = record_number(t, "size", size);
	if (rc == 0 && e->st->st_uid > OCTAL_7)
		rc = record_number(t, "uid", e->st->st_uid);
	if (rc == 0 && e->st->st_gid > OCTAL_7)
		rc = record_number(t, "gid", e->st->st_gid);
	if (rc == 0 && (when->tv_nsec != 0 || when->tv_sec < 0 || (uint64_t)when->tv_sec > OCTAL_11))
		rc = record(t, "mtime", text,
			    (size_t)snprintf(text, sizeof(text), "%" PRId64 ".%09ld",
					     (int64_t)when->tv_sec + (when->tv_sec < 0 && when->tv_nsec != 0),
					     when->tv_sec < 0 && when->tv_nsec != 0 ? 1000000000 - when->tv_nsec
										    : when->tv_nsec));
	return rc < 0 ? rc : record_attributes(t, e->fd);
}

static int put_headers(struct ctl_tar *t, const struct ctl_tar_entry *e, char type, uint64_t size, bool sparse)
{
	static const struct stat plain = {.st_mode = 0644};
	int rc;

	t->text_len = 0;
	rc = record_all(t, e, size, sparse);
	if (rc == 0)
		rc = put_header(t, 'x', "././@PaxHeader", &plain, t->text_len);
	if (rc == 0)
		rc = put(t, t->text, t->text_len);
	if (rc == 0)
		rc = pad(t, t->text_len);
	return rc < 0 ? rc : put_header(t, type, sparse ? SPARSE_DIR "file" : "file", e->st, size);
}

/* ---- content ---- */

/* What a file is shorter by now is zeros. */
static int put_range(struct ctl_tar *t, int fd, struct segment s)
{
	static char piece[PIECE];
	int rc = 0;

	for (uint64_t n = 0; rc == 0 && n < s.len;) {
		const size_t want = s.len - n < PIECE ? (size_t)(s.len - n) : PIECE;
		ssize_t got = pread(fd, piece, want, (off_t)(s.at + n));

		if (t->stop && t->stop(NULL))
			return -EINTR;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0) {
			memset(piece, 0, want);
			got = (ssize_t)want;
		}
		if (got > 0)
			rc = put(t, piece, (size_t)got);
		n += got > 0 ? (uint64_t)got : 0;
	}
	return rc;
}

static void sparse_done(struct sparse *s)
{
	free(s->segment);
	free(s->map);
}

static int add_segment(struct sparse *s, uint64_t at, uint64_t len)
{
	struct segment *grown = s->segment;

	if (s->len % 64 == 0)
		grown = reallocarray(s->segment, s->len + 64, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->segment = grown;
	s->segment[s->len++] = (struct segment){at, len};
	s->data += len;
	return 0;
}

/* Where a file has data. Leaves @s empty when it has no hole, or too many. */
static int find_segments(int fd, uint64_t size, struct sparse *s)
{
	uint64_t at = 0;
	int rc = 0;

	while (rc == 0 && at < size && s->len < SEGMENTS_MAX) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA), hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
		uint64_t end;

		if (data < 0 && errno != ENXIO)
			return errno == EINVAL ? 0 : -errno;
		if (data < 0 || (uint64_t)data >= size)
			break;
		end = hole < 0 || (uint64_t)hole > size ? size : (uint64_t)hole;
		rc = add_segment(s, (uint64_t)data, end - (uint64_t)data);
		at = end;
	}
	if (rc == 0 && s->len > 0 && s->segment[s->len - 1].at + s->segment[s->len - 1].len < size)
		rc = add_segment(s, size, 0); /* the hole at its end */
	if (rc == 0 && s->len == 0 && size > 0)
		rc = add_segment(s, size, 0);
	if (s->len >= SEGMENTS_MAX || s->data == size)
		s->len = 0;
	return rc;
}

/* "COUNT\nAT\nLENGTH\n…", up to the end of a block. */
static int make_map(struct sparse *s)
{
	const size_t room = (2 * s->len + 1) * 21 + BLOCK;
	size_t n;

	s->map = calloc(1, room);
	if (!s->map)
		return -ENOMEM;
	n = (size_t)snprintf(s->map, room, "%zu\n", s->len);
	for (size_t i = 0; i < s->len; i++)
		n += (size_t)snprintf(s->map + n, room - n, "%" PRIu64 "\n%" PRIu64 "\n", s->segment[i].at,
				      s->segment[i].len);
	s->map_len = (n + BLOCK - 1) / BLOCK * BLOCK;
	return 0;
}

static int add_sparse(struct ctl_tar *t, const struct ctl_tar_entry *e, struct sparse *s)
{
	int rc = make_map(s);

	if (rc == 0)
		rc = put_headers(t, e, '0', s->map_len + s->data, true);
	if (rc == 0)
		rc = put(t, s->map, s->map_len);
	for (size_t i = 0; rc == 0 && i < s->len; i++)
		rc = put_range(t, e->fd, s->segment[i]);
	return rc < 0 ? rc : pad(t, s->data);
}

static int add_file(struct ctl_tar *t, const struct ctl_tar_entry *e)
{
	const uint64_t size = e->fd < 0 ? 0 : (uint64_t)e->st->st_size;
	scoped(sparse) s = {.segment = NULL};
	int rc = e->fd < 0 ? 0 : find_segments(e->fd, size, &s);

	if (rc < 0)
		return rc;
	if (s.len > 0)
		return add_sparse(t, e, &s);
	rc = put_headers(t, e, '0', size, false);
	if (rc == 0 && e->fd >= 0)
		rc = put_range(t, e->fd, (struct segment){0, size});
	return rc < 0 ? rc : pad(t, size);
}

int ctl_tar_add(struct ctl_tar *t, const struct ctl_tar_entry *e)
{
	if (e->link && !S_ISLNK(e->st->st_mode))
		return put_headers(t, e, '1', 0, false);
	if (S_ISREG(e->st->st_mode))
		return add_file(t, e);
	if (S_ISDIR(e->st->st_mode))
		return put_headers(t, e, '5', 0, false);
	if (S_ISLNK(e->st->st_mode))
		return put_headers(t, e, '2', 0, false);
	if (S_ISFIFO(e->st->st_mode))
		return put_headers(t, e, '6', 0, false);
	return -EOPNOTSUPP;
}

int ctl_tar_end(struct ctl_tar *t)
{
	static const char zeros[2 * BLOCK];

	return put(t, zeros, sizeof(zeros));
}

void ctl_tar_done(struct ctl_tar *t)
{
	free(t->text);
	t->text = NULL;
}
