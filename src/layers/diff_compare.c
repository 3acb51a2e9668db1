// SPDX-License-Identifier: Apache-2.0
/*
 * See diff_compare.h.
 *
 * Owns: R1 nothing is opened but regular files and directories: no FIFO waits, and no device does anything.
 */
#include "layers/diff_compare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "layers/diff.h"
#include "layers/near.h"
#include "layers/same.h"

/* What a user sets: of the others nothing is taken into a home. */
static bool is_users(const char *attribute)
{
	return strncmp(attribute, "user.", 5) == 0 || strncmp(attribute, "system.posix_acl_", 17) == 0;
}

/* The names, one behind the other. @ret_text  to be freed */
static int list(int fd, char **ret_text, size_t *ret_len)
{
	char *text = malloc(XATTR_LIST_MAX);
	ssize_t n;

	if (!text)
		return -ENOMEM;
	n = flistxattr(fd, text, XATTR_LIST_MAX);
	if (n < 0 && errno == EOPNOTSUPP)
		n = 0;
	*ret_text = text;
	*ret_len = n < 0 ? 0 : (size_t)n;
	return n < 0 ? -errno : 0;
}

static size_t count_users(const char *text, size_t len)
{
	size_t n = 0;

	for (const char *s = text; s < text + len; s += strlen(s) + 1)
		n += is_users(s);
	return n;
}

/* Returns 1 when both have the same value, 0 or -errno. @value  two times XATTR_SIZE_MAX bytes */
static int is_same_value(int a, int b, const char *attribute, char *value)
{
	ssize_t n = fgetxattr(a, attribute, value, XATTR_SIZE_MAX), m;

	if (n < 0)
		return errno == ENODATA ? 0 : -errno;
	m = fgetxattr(b, attribute, value + XATTR_SIZE_MAX, XATTR_SIZE_MAX);
	if (m < 0)
		return errno == ENODATA ? 0 : -errno;
	return n == m && memcmp(value, value + XATTR_SIZE_MAX, (size_t)n) == 0;
}

static int compare_xattrs(int a, int b, unsigned int *what)
{
	scoped_free char *names = NULL, *others = NULL, *value = NULL;
	size_t len = 0, others_len = 0;
	int rc = list(a, &names, &len);

	if (rc == 0)
		rc = list(b, &others, &others_len);
	if (rc < 0)
		return rc;
	if (count_users(names, len) != count_users(others, others_len)) {
		*what |= CRL_DIFF_XATTR;
		return 0;
	}
	for (const char *s = names; s < names + len && rc == 0; s += strlen(s) + 1) {
		if (!is_users(s))
			continue;
		if (!value)
			value = malloc((size_t)XATTR_SIZE_MAX * 2);
		rc = value ? is_same_value(a, b, s, value) : -ENOMEM;
		if (rc == 0)
			*what |= CRL_DIFF_XATTR;
		rc = rc < 0 ? rc : 0;
	}
	return rc;
}

static int compare_bytes(int a, int b, unsigned int *what)
{
	int rc = crl_same_bytes(a, b);

	if (rc == 0)
		*what |= CRL_DIFF_CONTENT;
	return rc < 0 ? rc : 0;
}

static bool is_same_time(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* R1. @ret  -EBADF when it may not be read. What became something else meanwhile is -ENOENT: the file is gone. */
static int open_file(const struct crl_compared *c, int *ret)
{
	int rc = crl_near_open(c->dir, c->name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, ret);
	struct stat st;

	if (rc < 0) {
		*ret = -EBADF;
		if (rc == -EACCES || rc == -EPERM)
			return 0;
		return rc == -ENXIO || rc == -ENODEV ? -ENOENT : rc; /* a socket, or a device */
	}
	if (fstat(*ret, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? 0 : -ENOENT;
}

static int compare_files(const struct crl_compared *now, const struct crl_compared *before, bool exact,
			 unsigned int *what)
{
	bool other_time = !is_same_time(now->st, before->st);
	scoped_fd a = -EBADF, b = -EBADF;
	int rc;

	if (now->st->st_size != before->st->st_size)
		*what |= CRL_DIFF_CONTENT;
	rc = open_file(now, &a);
	if (rc == 0)
		rc = open_file(before, &b);
	if (rc < 0)
		return rc;
	if (a >= 0 && b >= 0) {
		rc = compare_xattrs(a, b, what);
		if (rc == 0 && exact && !(*what & CRL_DIFF_CONTENT)) {
			rc = compare_bytes(a, b, what);
			if (other_time && !(*what & CRL_DIFF_CONTENT))
				*what |= CRL_DIFF_TIME;
			return rc;
		}
	}
	if (other_time)
		*what |= CRL_DIFF_CONTENT;
	return rc;
}

static int compare_links(const struct crl_compared *now, const struct crl_compared *before, unsigned int *what)
{
	char a[PATH_MAX], b[PATH_MAX];
	ssize_t n = readlinkat(now->dir, now->name, a, sizeof(a)), m;

	if (n < 0)
		return -errno;
	m = readlinkat(before->dir, before->name, b, sizeof(b));
	if (m < 0)
		return -errno;
	if (n != m || memcmp(a, b, (size_t)n) != 0)
		*what |= CRL_DIFF_CONTENT;
	return 0;
}

int crl_diff_compare(const struct crl_compared *now, const struct crl_compared *before, bool exact, unsigned int *ret)
{
	int rc = 0;

	*ret = 0;
	if ((now->st->st_mode ^ before->st->st_mode) & ~(mode_t)S_IFMT)
		*ret |= CRL_DIFF_MODE;
	if (now->st->st_uid != before->st->st_uid || now->st->st_gid != before->st->st_gid)
		*ret |= CRL_DIFF_OWNER;
	if (S_ISDIR(now->st->st_mode))
		rc = compare_xattrs(now->dir, before->dir, ret);
	else if (S_ISREG(now->st->st_mode))
		rc = compare_files(now, before, exact, ret);
	else if (S_ISLNK(now->st->st_mode))
		rc = compare_links(now, before, ret);
	else if (now->st->st_rdev != before->st->st_rdev)
		*ret |= CRL_DIFF_CONTENT;
	return rc;
}
