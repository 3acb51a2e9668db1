// SPDX-License-Identifier: Apache-2.0
/*
 * See filecaps.h. Source: linux/capability.h (struct vfs_cap_data), capabilities(7), memfd_create(2).
 */
#include "apply/filecaps.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ATTRIBUTE "security.capability"

int crl_filecaps_set(int fd, uint64_t caps)
{
	const struct vfs_cap_data want = {
		.magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE),
		.data = {{.inheritable = htole32((uint32_t)caps)}, {.inheritable = htole32((uint32_t)(caps >> 32))}},
	};
	struct vfs_cap_data got;

	if (fsetxattr(fd, ATTRIBUTE, &want, sizeof(want), 0) < 0)
		return -errno;
	return fgetxattr(fd, ATTRIBUTE, &got, sizeof(got)) == (ssize_t)sizeof(got) &&
			       memcmp(&got, &want, sizeof(got)) == 0
		       ? 0
		       : -EIO;
}

uint64_t crl_filecaps_known(uint64_t caps)
{
	for (unsigned long cap = 0; cap < 64; cap++)
		if ((caps & UINT64_C(1) << cap) && prctl(PR_CAPBSET_READ, cap) < 0)
			caps &= ~(UINT64_C(1) << cap);
	return caps;
}

/* The kernel's own tmpfs keeps what a room's does. */
static int try_tmpfs(uint64_t caps)
{
	scoped_fd fd = memfd_create("carrel-caps", MFD_CLOEXEC);

	return fd < 0 ? -errno : crl_filecaps_set(fd, caps);
}

const char *crl_filecaps_lack(uint64_t caps)
{
	int rc;

	for (unsigned long cap = 0; cap < 64; cap++)
		if ((caps & UINT64_C(1) << cap) && prctl(PR_CAPBSET_READ, cap) != 1)
			return "this service or kernel has not all of these capabilities (CapabilityBoundingSet= in "
			       "its unit, or a container)";
	rc = try_tmpfs(caps);
	if (rc == -EPERM)
		return "without CAP_SETFCAP no file can be given capabilities (CapabilityBoundingSet= in the service's "
		       "unit, or a container)";
	return rc < 0 ? "files of this kernel's tmpfs keep no capabilities (CONFIG_TMPFS_XATTR)" : NULL;
}
