// SPDX-License-Identifier: Apache-2.0
/*
 * One file for each filter: header, whole key, instructions. The name is a digest of the key.
 *
 * Runs in: helper, carrelctl, root. A get is one open, one fstat, two reads.
 *  R1  An entry counts only as a regular file of the caller's own, mode 0600, with one name, of the size that
 * key and header ask for, with the whole key and the right checksum. Anything else is a miss. R2  The
 * directory never holds more than ENTRIES_MAX files.
 */
#include "state/filter_cache.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

#include "base/clock.h"
#include "base/dir.h"
#include "base/file.h"
#include "base/scope.h"
#include "plan/filter/filter.h"

#define ENTRY_MAGIC 0x31465042204c5243u /* "CRL BPF1" */
#define ENTRIES_MAX 256 /* R2 */
#define NAME_SIZE 64 /* of a file half written, too */

struct header {
	uint64_t magic;
	uint64_t checksum; /* of key and instructions */
	uint32_t key_len;
	uint32_t insn_len;
};

#define FNV_START 0xcbf29ce484222325u

/* FNV-1a: tells damage and names apart, keeps nobody out; the directory's owner and mode do that. */
static uint64_t fnv1a(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *byte = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3u;
	return hash;
}

static uint64_t checksum(const char *key, size_t key_len, const struct crl_filter *f, uint32_t len)
{
	return fnv1a(fnv1a(FNV_START, key, key_len), f->insn, len * sizeof(f->insn[0]));
}

void crl_filter_cache_name(const char *key, char name[CRL_FILTER_NAME_MAX])
{
	(void)snprintf(name, CRL_FILTER_NAME_MAX, "%016" PRIx64 ".bpf", fnv1a(FNV_START, key, strlen(key)));
}

/* The number of instructions that an entry of this size has, 0 when it cannot be one. */
static uint32_t entry_insns(int fd, size_t key_len)
{
	const size_t fixed = sizeof(struct header) + key_len;
	struct stat st;
	size_t rest;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & 07777) != 0600 || st.st_nlink != 1 ||
	    st.st_uid != geteuid() || st.st_size <= (off_t)fixed)
		return 0;
	rest = (size_t)st.st_size - fixed;
	if (rest % sizeof(struct sock_filter) != 0 || rest / sizeof(struct sock_filter) > CRL_FILTER_MAX)
		return 0;
	return (uint32_t)(rest / sizeof(struct sock_filter));
}

/* @stored  CRL_FILTER_KEY_MAX bytes, for the key that the entry has */
static int read_entry(int dirfd, const char *name, char *stored, size_t *ret_key_len, struct crl_filter *ret)
{
	scoped_fd fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct header h;
	struct iovec part[2];
	uint32_t len;
	size_t size;

	ret->len = 0;
	if (fd < 0 || read(fd, &h, sizeof(h)) != (ssize_t)sizeof(h))
		return -ENOENT;
	if (h.magic != ENTRY_MAGIC || h.key_len >= CRL_FILTER_KEY_MAX)
		return -ENOENT;
	len = entry_insns(fd, h.key_len); /* R1 */
	if (len == 0 || h.insn_len != len)
		return -ENOENT;
	size = len * sizeof(ret->insn[0]);
	part[0] = (struct iovec){.iov_base = stored, .iov_len = h.key_len};
	part[1] = (struct iovec){.iov_base = ret->insn, .iov_len = size};
	if (readv(fd, part, CRL_ARRAY_LEN(part)) != (ssize_t)(h.key_len + size) ||
	    h.checksum != checksum(stored, h.key_len, ret, len))
		return -ENOENT;
	*ret_key_len = h.key_len;
	ret->len = len;
	return 0;
}

int crl_filter_cache_get(int dirfd, const char *key, struct crl_filter *ret)
{
	char stored[CRL_FILTER_KEY_MAX], name[CRL_FILTER_NAME_MAX];
	size_t len;
	int rc;

	crl_filter_cache_name(key, name);
	rc = read_entry(dirfd, name, stored, &len, ret);
	if (rc == 0 && (len != strlen(key) || memcmp(stored, key, len) != 0)) {
		ret->len = 0;
		return -ENOENT;
	}
	return rc;
}

int crl_filter_cache_load(int dirfd, const char *name, struct crl_filter *ret)
{
	char stored[CRL_FILTER_KEY_MAX];
	size_t len;

	ret->len = 0;
	if (strspn(name, "0123456789abcdef") != 16 || strcmp(name + 16, ".bpf") != 0)
		return -EINVAL;
	return read_entry(dirfd, name, stored, &len, ret);
}

/*
 * Make room when the cache is full. All entries go: that many policies in use at once are not expected, so
 * nearly all of them are of old kernels, old policies or half written, and each one costs 3 ms to have again.
 */
static int make_room(int dirfd)
{
	scoped(crl_dir) dir = {0};
	size_t count = 0;
	int rc = crl_dir_open(dirfd, ".", &dir);

	if (rc < 0)
		return rc;
	for (const char *name; (name = crl_dir_next(&dir));)
		count += name[0] != '.';
	if (count < ENTRIES_MAX)
		return 0;
	crl_dir_rewind(&dir);
	for (const char *name; (name = crl_dir_next(&dir));)
		if (name[0] != '.' && unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
			return -errno;
	return 0;
}

static int write_entry(int dirfd, const char *name, const char *key, const struct crl_filter *f)
{
	const size_t size = f->len * sizeof(f->insn[0]), key_len = strlen(key);
	struct header h = {
		.magic = ENTRY_MAGIC,
		.checksum = checksum(key, key_len, f, f->len),
		.key_len = (uint32_t)key_len,
		.insn_len = f->len,
	};
	char beside[NAME_SIZE];
	scoped_free char *buf = malloc(sizeof(h) + key_len + size);

	if (!buf)
		return -ENOMEM;
	memcpy(buf, &h, sizeof(h));
	memcpy(buf + sizeof(h), key, key_len);
	memcpy(buf + sizeof(h) + key_len, f->insn, size);
	(void)snprintf(beside, sizeof(beside), "%d-%" PRId64 ".new", (int)getpid(), crl_now_us());
	return crl_file_replace(
		dirfd,
		&(struct crl_file){
			.name = name, .beside = beside, .data = buf, .len = sizeof(h) + key_len + size, .mode = 0600});
}

int crl_filter_cache_put(int dirfd, const char *key, const struct crl_filter *f, struct crl_err *err)
{
	char name[CRL_FILTER_NAME_MAX];
	int rc;

	if (strlen(key) >= CRL_FILTER_KEY_MAX || f->len == 0 || f->len > CRL_FILTER_MAX)
		return crl_err_set(err, EINVAL, CRL_STAGE_STATE, "a filter that cannot be kept");
	rc = make_room(dirfd);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot make room among the filters");
	crl_filter_cache_name(key, name);
	rc = write_entry(dirfd, name, key, f);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot keep the filter %s", name) : 0;
}

/* "PID-TIME.new" of a process that is gone. A number that is another's by now has its file swept later. */
static bool is_left(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);
	size_t len = strlen(name);

	return pid > 0 && pid <= INT_MAX && *end == '-' && len > 4 && strcmp(name + len - 4, ".new") == 0 &&
	       kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

void crl_filter_cache_sweep(int dirfd)
{
	scoped(crl_dir) dir = {0};

	if (crl_dir_open(dirfd, ".", &dir) < 0)
		return;
	for (const char *name; (name = crl_dir_next(&dir));)
		if (is_left(name))
			(void)unlinkat(dirfd, name, 0);
}
