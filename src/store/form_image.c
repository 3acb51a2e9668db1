// SPDX-License-Identifier: Apache-2.0
/*
 * Form "image": an ext4 of its own in a sparse file, on a loop device that goes with its last user. See form.h.
 *
 * R1: the file never has two loop devices: what is open is asked by a lease, under the entry's lock, and a device
 *     that is there is used again. Two would be two file systems that destroy each other.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/vfs.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/file.h"
#include "base/plain.h"
#include "base/text.h"
#include "store/form_place.h"
#include "store/loop.h"
#include "store/run.h"

#define BLOCK 4096u
#define SIZE_MIN (16ull << 20)
#define OWN_INODES 64u /* ext4's own, those that are kept back, and what stack.h makes beside the user's */
#define LOOK_MS 20
#define EXT4_IOC_RESIZE _IOW('f', 16, uint64_t) /* fs/ext4/ext4.h: EXT4_IOC_RESIZE_FS */

static int fail(const struct crl_entry *e, struct crl_err *err, int rc, const char *what)
{
	return crl_err_set(err, -rc, CRL_STAGE_HOME, "cannot %s %s/%s/" CRL_FORM_IMAGE_FILE ": %s", what,
			   e->store->path, e->name, strerrordesc_np(-rc));
}

/* In the file that is descriptor 3 of it. */
static int make_fs(const struct crl_entry *e, int fd, struct crl_err *err)
{
	char inodes[24], said[200];
	const char *argv[] = {"mkfs.ext4",
			      "-F",
			      "-q",
			      "-b",
			      "4096",
			      "-I",
			      "256",
			      "-e",
			      "remount-ro",
			      "-m",
			      "0",
			      "-E",
			      "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
			      "/proc/self/fd/3",
			      NULL,
			      NULL,
			      NULL};
	int rc;

	if (e->owner.inodes) {
		(void)snprintf(inodes, sizeof(inodes), "%" PRIu64, e->owner.inodes + OWN_INODES);
		argv[13] = "-N";
		argv[14] = inodes;
		argv[15] = "/proc/self/fd/3";
	}
	rc = crl_tool_run(argv, fd, said, sizeof(said));
	if (rc == -ENOENT)
		return crl_err_set(err, ENOENT, CRL_STAGE_HOME, "mkfs.ext4 is not installed (package e2fsprogs)");
	if (rc < 0)
		return fail(e, err, rc, "run mkfs.ext4 for");
	return rc > 0 ? crl_err_set(err, EINVAL, CRL_STAGE_HOME, "mkfs.ext4 refuses %s/%s/" CRL_FORM_IMAGE_FILE ": %s",
				    e->store->path, e->name, said)
		      : 0;
}

int crl_imagefs_make(const struct crl_entry *e, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc;

	if (e->owner.size < SIZE_MIN)
		return crl_err_set(err, EINVAL, CRL_STAGE_HOME, "a file system image needs 16M or more (home.size)");
	fd = openat(e->dir, CRL_FORM_IMAGE_FILE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)(e->owner.size / BLOCK * BLOCK)) < 0)
		return fail(e, err, -errno, "make");
	rc = make_fs(e, fd, err);
	return rc == 0 && fsync(fd) < 0 ? fail(e, err, -errno, "write") : rc;
}

/* R1: 0 = nobody but us has the file open; -EAGAIN somebody has, a loop device for instance; -errno. */
static int prove_alone(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		return -errno;
	return fcntl(fd, F_SETLEASE, F_UNLCK) < 0 ? -errno : 0;
}

/* The kernel's own words, where it has any. */
static int fail_mount(const struct crl_entry *e, int context, int rc, struct crl_err *err)
{
	char text[160], line[200];
	ssize_t n = context >= 0 ? crl_file_read_fd(context, text, sizeof(text)) : -1;

	if (n > 0)
		text[strcspn(text, "\n")] = '\0';
	return crl_err_set(err, -rc, CRL_STAGE_HOME,
			   "cannot mount %s/%s/" CRL_FORM_IMAGE_FILE ": %s%s%s: e2fsck -f it when nobody is in",
			   e->store->path, e->name, strerrordesc_np(-rc), n > 0 ? ", kernel: " : "",
			   n > 0 ? crl_visible_line(line, sizeof(line), text) : "");
}

/* The descriptor holds the device until the mount does. Of a device that is mounted this is one more mount. */
static int mount_device(const struct crl_entry *e, int device, int *ret_fd, struct crl_err *err)
{
	static const char *const options[][2] = {{"errors", "remount-ro"}, {"noinit_itable", NULL}};
	scoped_fd context = fsopen("ext4", FSOPEN_CLOEXEC);
	char path[40];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", device);
	if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "source", path, 0) < 0)
		return fail_mount(e, context, -errno, err);
	for (size_t i = 0; i < CRL_ARRAY_LEN(options); i++)
		if (fsconfig(context, options[i][1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[i][0],
			     options[i][1], 0) < 0)
			return fail_mount(e, context, -errno, err);
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return fail_mount(e, context, -errno, err);
	fd = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (fd < 0)
		return fail_mount(e, context, -errno, err);
	*ret_fd = fd;
	return 0;
}

/* R1: the file's device, new or there already. Returns 0; -EAGAIN one is just going; -errno with an error. */
static int find_device(const struct crl_entry *e, int file, int *ret_fd, struct crl_err *err)
{
	char path[CRL_LOOP_PATH_MAX];
	int rc = prove_alone(file);

	if (rc == 0)
		return crl_loop_attach(file, e->name, ret_fd, path, err);
	if (rc != -EAGAIN)
		return fail(e, err, rc, "take a lease of");
	return crl_loop_find(file, ret_fd) < 0 ? -EAGAIN : 0;
}

int crl_imagefs_open(const struct crl_entry *e, int64_t patience_ms, int *ret_fd, struct crl_err *err)
{
	int64_t end = crl_now_ms() + patience_ms;

	for (;;) {
		scoped_fd file = -EBADF, device = -EBADF;
		struct stat st;
		int rc = crl_plain_open(e->dir, CRL_FORM_IMAGE_FILE, O_RDWR | O_NONBLOCK, 0, &file);

		if (rc == 0 && fstat(file, &st) < 0)
			rc = -errno;
		if (rc == 0 && !S_ISREG(st.st_mode))
			rc = -EBADMSG;
		if (rc < 0)
			return fail(e, err, rc, "open");
		rc = find_device(e, file, &device, err);
		if (rc == 0)
			return mount_device(e, device, ret_fd, err);
		if (rc != -EAGAIN)
			return rc;
		if (crl_now_ms() >= end)
			return crl_err_set(err, EBUSY, CRL_STAGE_HOME,
					   "%s/%s/" CRL_FORM_IMAGE_FILE
					   " is open elsewhere, and not as a loop device: see fuser(1)",
					   e->store->path, e->name);
		crl_pause_ms(LOOK_MS);
	}
}

int crl_imagefs_usage(int data, struct crl_form_usage *ret, struct crl_err *err)
{
	struct statfs fs;

	if (fstatfs(data, &fs) < 0)
		return crl_err_set(err, errno, CRL_STAGE_HOME, "cannot ask a file system how full it is: %s",
				   strerrordesc_np(errno));
	*ret = (struct crl_form_usage){
		.bytes = (fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize,
		.bytes_max = (fs.f_blocks - (fs.f_bfree - fs.f_bavail)) * (uint64_t)fs.f_bsize,
		.inodes = fs.f_files - fs.f_ffree,
		.inodes_max = fs.f_files,
		.is_known = true,
	};
	return 0;
}

int crl_imagefs_grow(const struct crl_entry *e, int data, struct crl_err *err)
{
	scoped_fd file = -EBADF, device = -EBADF, root = openat(data, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t blocks = e->owner.size / BLOCK;
	struct stat st;
	int rc = crl_plain_open(e->dir, CRL_FORM_IMAGE_FILE, O_RDWR | O_NONBLOCK, 0, &file);

	if (rc == 0 && fstat(file, &st) < 0)
		rc = -errno;
	if (rc == 0 && (uint64_t)st.st_size < blocks * BLOCK && ftruncate(file, (off_t)(blocks * BLOCK)) < 0)
		rc = -errno;
	if (rc == 0)
		rc = crl_loop_find(file, &device); /* it is mounted: @data */
	if (rc == 0 && ioctl(device, LOOP_SET_CAPACITY, 0) < 0)
		rc = -errno;
	if (rc == 0 && ioctl(root, EXT4_IOC_RESIZE, &blocks) < 0)
		rc = -errno;
	return rc < 0 ? fail(e, err, rc, "grow") : 0;
}
