// SPDX-License-Identifier: Apache-2.0
/* See loop.h. R1: the device is its file's, or none: who is second to a free one takes another. */
#include "store/loop.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/dir.h"

#define WRITABLE_BLOCK 4096
#define TRIES 64 /* others may be faster */

static int configure(int device, int file, bool writable, const char *name)
{
	struct loop_config c = {.fd = (uint32_t)file};

	c.info.lo_flags = LO_FLAGS_AUTOCLEAR | (writable ? LO_FLAGS_DIRECT_IO : LO_FLAGS_READ_ONLY);
	c.block_size = writable ? WRITABLE_BLOCK : 0; /* direct I/O wants the sectors of any disk below */
	(void)snprintf((char *)c.info.lo_file_name, sizeof(c.info.lo_file_name), "%s", name);
	return ioctl(device, LOOP_CONFIGURE, &c) < 0 ? -errno : 0;
}

/* Returns -EBUSY: somebody else has taken it. */
static int try_free(int control, int file, const char *name, int *ret_fd, char *path)
{
	bool writable = (fcntl(file, F_GETFL) & O_ACCMODE) != O_RDONLY;
	int number = ioctl(control, LOOP_CTL_GET_FREE);
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	if (number < 0)
		return -errno;
	(void)snprintf(path, CRL_LOOP_PATH_MAX, "/dev/loop%d", number);
	fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode) || st.st_rdev != makedev(LOOP_MAJOR, (unsigned int)number))
		return -ENXIO;
	rc = configure(fd, file, writable, name); /* R1 */
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

int crl_loop_attach(int file, const char *name, int *ret_fd, char *path, struct crl_err *err)
{
	scoped_fd control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int rc;

	if (control < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT,
				   "cannot open /dev/loop-control: the kernel's module \"loop\" is missing, or this "
				   "service may not use devices (PrivateDevices=, DevicePolicy= in its unit)");
	(void)snprintf(path, CRL_LOOP_PATH_MAX, "/dev/loop");
	for (int i = 0; i < TRIES; i++) {
		rc = try_free(control, file, name, ret_fd, path);
		if (rc != -EBUSY)
			break;
	}
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot make a loop device of %s (%s)", name, path) : 0;
}

bool crl_loop_is_of(dev_t device, int file)
{
	char path[CRL_LOOP_PATH_MAX];
	struct loop_info64 info;
	scoped_fd fd = -EBADF;
	struct stat st, dev;

	if (major(device) != LOOP_MAJOR || fstat(file, &st) < 0)
		return false;
	(void)snprintf(path, sizeof(path), "/dev/loop%u", minor(device));
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && fstat(fd, &dev) == 0 && S_ISBLK(dev.st_mode) && dev.st_rdev == device &&
	       ioctl(fd, LOOP_GET_STATUS64, &info) == 0 && info.lo_device == st.st_dev && info.lo_inode == st.st_ino &&
	       info.lo_flags & LO_FLAGS_READ_ONLY;
}

/* Numbers of devices are short. */
static bool is_number(const char *text)
{
	return text[0] && strlen(text) < 8 && strspn(text, "0123456789") == strlen(text);
}

int crl_loop_find(int file, int *ret_fd)
{
	scoped(crl_dir) dir = {0};
	struct stat st;

	if (fstat(file, &st) < 0)
		return -errno;
	(void)crl_dir_open(AT_FDCWD, "/dev", &dir);
	for (const char *name; (name = crl_dir_next(&dir));) {
		struct loop_info64 info;
		scoped_fd fd = -EBADF;

		if (strncmp(name, "loop", 4) != 0 || !is_number(name + 4))
			continue;
		fd = openat(crl_dir_fd(&dir), name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || ioctl(fd, LOOP_GET_STATUS64, &info) < 0 || info.lo_device != st.st_dev ||
		    info.lo_inode != st.st_ino)
			continue;
		*ret_fd = take_fd(&fd);
		return 0;
	}
	return dir.error < 0 ? dir.error : -ENOENT;
}
