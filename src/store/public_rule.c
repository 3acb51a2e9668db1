// SPDX-License-Identifier: Apache-2.0
/*
 * See public_rule.h.
 *
 * R1: what owner, group or others may not read is not public: whoever they keep out would get it as root of a room.
 * R2: an ACL in which anybody is denied, or that cannot be read, closes.
 * R3: attributes by which other systems decide who may read close.
 * R4: what is no file, directory or symbolic link is closed.
 */
#include "store/public_rule.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/xattr.h>

#define ACL "system.posix_acl_access"
#define ACL_OF_NEW "system.posix_acl_default" /* says nothing of what is there */
#define ACL_VERSION 2
#define READ 4
#define PASS 1
#define ATTRIBUTES_MAX 4096
#define ACL_MAX 4096

/* As the kernel's linux/posix_acl_xattr.h has it: little endian. */
struct acl_head {
	uint32_t version;
};

struct acl_entry {
	uint16_t tag;
	uint16_t may;
	uint32_t id;
};

bool crl_public_is_by_mode(const struct stat *st)
{
	if (S_ISLNK(st->st_mode))
		return true;
	if (S_ISDIR(st->st_mode))
		return (st->st_mode & 0555) == 0555; /* R1 */
	return S_ISREG(st->st_mode) && (st->st_mode & 0444) == 0444; /* R1, R4 */
}

bool crl_public_is_by_acl(const void *acl, size_t len, bool is_dir)
{
	unsigned int need = READ | (is_dir ? PASS : 0);
	struct acl_head head;
	struct acl_entry entry;

	if (len < sizeof(head) || (len - sizeof(head)) % sizeof(entry) != 0)
		return false;
	memcpy(&head, acl, sizeof(head));
	if (le32toh(head.version) != ACL_VERSION)
		return false;
	for (size_t at = sizeof(head); at < len; at += sizeof(entry)) {
		memcpy(&entry, (const char *)acl + at, sizeof(entry));
		if ((le16toh(entry.may) & need) != need) /* R2 */
			return false;
	}
	return true;
}

/* @path  NULL = what is open */
static bool judge(const char *path, int fd, bool is_dir)
{
	char names[ATTRIBUTES_MAX], acl[ACL_MAX];
	ssize_t len = path ? llistxattr(path, names, sizeof(names)) : flistxattr(fd, names, sizeof(names));

	if (len < 0)
		return errno == ENOTSUP;
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t n;

		if (strncmp(names + at, "system.", strlen("system.")) != 0 || strcmp(names + at, ACL_OF_NEW) == 0)
			continue;
		if (strcmp(names + at, ACL) != 0) /* R3 */
			return false;
		n = path ? lgetxattr(path, ACL, acl, sizeof(acl)) : fgetxattr(fd, ACL, acl, sizeof(acl));
		if (n < 0 || !crl_public_is_by_acl(acl, (size_t)n, is_dir)) /* R2 */
			return false;
	}
	return true;
}

bool crl_public_is_by_attributes(const char *path, const struct stat *st)
{
	return S_ISLNK(st->st_mode) || judge(path, -EBADF, S_ISDIR(st->st_mode));
}

bool crl_public_is_open(int fd, const struct stat *st)
{
	return crl_public_is_by_mode(st) && judge(NULL, fd, S_ISDIR(st->st_mode));
}
