// SPDX-License-Identifier: Apache-2.0
/* See mountinfo.h. */
#include "base/mountinfo.h"

#include <string.h>

#include "base/scope.h"

char crl_mountinfo_byte(const char **at)
{
	const char *s = *at;

	if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
		*at += 4;
		return (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
	}
	++*at;
	return *s;
}

void crl_mountinfo_unescape(char *field)
{
	const char *in = field;
	char *out = field;

	while (*in)
		*out++ = crl_mountinfo_byte(&in);
	*out = '\0';
}

bool crl_mountinfo_is_near(const char *type)
{
	static const char *const near[] = {
		"ext4",       "ext3",    "ext2",     "xfs",    "btrfs",   "zfs",      "bcachefs",
		"f2fs",       "jfs",     "reiserfs", "vfat",   "exfat",   "iso9660",  "squashfs",
		"erofs",      "udf",     "tmpfs",    "ramfs",  "rootfs",  "overlay",  "devtmpfs",
		"devpts",     "proc",    "sysfs",    "cgroup", "cgroup2", "mqueue",   "hugetlbfs",
		"securityfs", "debugfs", "tracefs",  "bpf",    "pstore",  "efivarfs", "configfs",
	};

	for (size_t i = 0; i < CRL_ARRAY_LEN(near); i++)
		if (strcmp(near[i], type) == 0)
			return true;
	return false;
}
