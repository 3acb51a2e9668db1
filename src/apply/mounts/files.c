// SPDX-License-Identifier: Apache-2.0
/*
 * The files that a room's own trees are filled with.
 *
 * Runs in: the room's init, root; nobody else has reached these trees yet, so plain names are safe in them.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>
#include <string.h>
#include <utmp.h>

#include "apply/mounts/beneath.h"
#include "apply/mounts/hosts.h"

int crl_mounting_dir(struct crl_mounting *room, const struct crl_mount_op *op)
{
	int tree = room->tree[op->tree];

	if (mkdirat(tree, op->target, op->mode))
		return crl_mounting_fail(room, op, -errno, "cannot make the directory");
	if ((op->uid || op->gid) && fchownat(tree, op->target, op->uid, op->gid, AT_SYMLINK_NOFOLLOW))
		return crl_mounting_fail(room, op, -errno, "cannot give it to the user");
	return 0;
}

static int make_file(struct crl_mounting *room, const struct crl_mount_op *op, mode_t mode, int *ret_fd)
{
	int rc = crl_beneath_open(room->tree[op->tree], op->target, O_RDWR | O_CREAT | O_EXCL, mode, ret_fd);

	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot make the file") : 0;
}

int crl_mounting_write(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int crl_mounting_file(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;
	size_t len = op->number ? op->number : strlen(op->data);
	int rc = make_file(room, op, op->mode, &fd);

	if (rc || len == 0)
		return rc;
	rc = crl_mounting_write(fd, op->data, len);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot write") : 0;
}

int crl_mounting_link(struct crl_mounting *room, const struct crl_mount_op *op)
{
	if (symlinkat(op->data, room->tree[op->tree], op->target))
		return crl_mounting_fail(room, op, -errno, "cannot make the link");
	return 0;
}

int crl_mounting_node(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd place = -EBADF;

	if (mknodat(room->tree[op->tree], op->target, S_IFCHR | op->mode, op->number) == 0)
		return 0;
	/* A container, or a service with PrivateDevices=, may use the devices that there are and make none. */
	if (errno != EPERM && errno != EACCES && errno != ENOSYS)
		return crl_mounting_fail(room, op, -errno, "cannot make the device");
	room->binds_devices = true;
	return make_file(room, op, 0, &place);
}

/* The group that writes utmp has another number on each kind of host. */
static gid_t accounting_gid(struct crl_mounting *room)
{
	static const char *const files[] = {"run/utmp", "var/log/wtmp", "var/log/lastlog"};
	struct stat st;

	for (size_t i = 0; i < CRL_ARRAY_LEN(files) && room->accounting_gid == (gid_t)-1; i++)
		if (!fstatat(room->tree[CRL_TREE_HOST], files[i], &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
			room->accounting_gid = st.st_gid;
	if (room->accounting_gid == (gid_t)-1)
		room->accounting_gid = 0;
	return room->accounting_gid;
}

static int make_accounting(struct crl_mounting *room, const struct crl_mount_op *op, int *ret_fd)
{
	int rc = make_file(room, op, 0664, ret_fd);

	if (rc == 0 && !room->alone && fchown(*ret_fd, 0, accounting_gid(room)))
		rc = crl_mounting_fail(room, op, -errno, "cannot give it to the group");
	return rc;
}

int crl_mounting_accounting(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd fd = -EBADF;

	return make_accounting(room, op, &fd);
}

int crl_mounting_lastlog(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_fd host = -EBADF;
	scoped_fd fd = -EBADF;
	struct lastlog record;
	off_t at = (off_t)op->uid * (off_t)sizeof(record);
	int rc = make_accounting(room, op, &fd);

	if (rc < 0)
		return rc;
	/* No file, or none that is as it should be: the user sees no last login, which is no reason to refuse
	 * one. */
	if (crl_beneath_open(room->tree[CRL_TREE_HOST], op->source, O_RDONLY | O_NONBLOCK, 0, &host))
		return 0;
	if (pread(host, &record, sizeof(record), at) != (ssize_t)sizeof(record))
		return 0;
	if (pwrite(fd, &record, sizeof(record), at) != (ssize_t)sizeof(record))
		return crl_mounting_fail(room, op, -EIO, "cannot write the record");
	return 0;
}

/* A link in the way of /etc/hosts is followed when root made it; what it led to is opened by descriptor. */
static int open_hosts(struct crl_mounting *room, const struct crl_mount_op *op, int *ret_fd)
{
	int root = room->tree[CRL_TREE_ROOT];
	scoped_fd found = -EBADF;
	char path[40];
	int rc = crl_beneath_open(root, op->source, O_RDONLY | O_NONBLOCK, 0, ret_fd);

	if (rc != -ELOOP)
		return rc;
	rc = crl_beneath_find(root, op->source, true, &found);
	if (rc < 0)
		return rc;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return *ret_fd < 0 ? -errno : 0;
}

/* What the root has as hosts file, if it is one of a sane size. */
static size_t read_hosts(struct crl_mounting *room, const struct crl_mount_op *op, char *buf, size_t size)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	ssize_t n;

	if (open_hosts(room, op, &fd) || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size >= (off_t)size)
		return 0;
	n = read(fd, buf, size);
	return n < 0 ? 0 : (size_t)n;
}

int crl_mounting_hosts(struct crl_mounting *room, const struct crl_mount_op *op)
{
	scoped_free char *text = malloc(CRL_HOSTS_MAX);
	scoped_fd fd = -EBADF;
	size_t len;
	int rc;

	if (!text)
		return crl_mounting_fail(room, op, -ENOMEM, "no memory");
	len = crl_hosts_text(text, read_hosts(room, op, text, CRL_HOSTS_TEXT_MAX), op->data);
	rc = make_file(room, op, op->mode, &fd);
	if (rc == 0)
		rc = crl_mounting_write(fd, text, len);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot write") : 0;
}
