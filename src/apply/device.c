// SPDX-License-Identifier: Apache-2.0
/*
 * Which disk holds a path.
 *
 * Runs in: helper, host namespaces.
 */
#include "apply/device.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Read "MAJ:MIN" from a file of sysfs. */
static int read_number(const char *path, uint32_t *ret_major, uint32_t *ret_minor)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int major_nr, minor_nr;
	char text[32];
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	if (sscanf(text, "%u:%u", &major_nr, &minor_nr) != 2)
		return -EIO;
	*ret_major = major_nr;
	*ret_minor = minor_nr;
	return 0;
}

int crl_device_find(const char *path, uint32_t *ret_major, uint32_t *ret_minor)
{
	char sys[96];
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (major(st.st_dev) == 0)
		return -ENODEV; /* overlay, tmpfs, NFS, btrfs: no device that io.max knows */

	(void)snprintf(sys, sizeof(sys), "/sys/dev/block/%u:%u/partition", major(st.st_dev),
		       minor(st.st_dev));
	if (access(sys, F_OK) == 0) {
		/* The link leads to …/sda/sda1: the kernel's own ".." of it is the disk. */
		(void)snprintf(sys, sizeof(sys), "/sys/dev/block/%u:%u/../dev", major(st.st_dev),
			       minor(st.st_dev));
		return read_number(sys, ret_major, ret_minor);
	}
	*ret_major = major(st.st_dev);
	*ret_minor = minor(st.st_dev);
	return 0;
}
