// SPDX-License-Identifier: Apache-2.0
/*
 * Which disk holds a path: by the text of the kernel's list of mounts, so that nothing of a file system is asked that a
 * user or a dead server may answer for.
 *
 * Runs in: helper, carrelctl; root, host namespaces. R1: links are not followed, but refused. R2: a path that goes on
 * below a directory that is not root's is refused: its owner would choose the disk.
 */
#include "apply/limits/device.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct mount {
	char *point;
	unsigned int major;
	unsigned int minor;
	bool look; /* whether names in it may be looked up */
};

struct mounts {
	struct mount *item;
	size_t len;
};

/* Read "MAJ:MIN" from a file of sysfs. */
static int read_number(const char *path, uint32_t *ret_major, uint32_t *ret_minor)
{
	unsigned int major_nr, minor_nr;
	char text[32];
	ssize_t n = crl_file_read(AT_FDCWD, path, text, sizeof(text));

	if (n < 0)
		return (int)n;
	if (sscanf(text, "%u:%u", &major_nr, &minor_nr) != 2)
		return -EIO;
	*ret_major = major_nr;
	*ret_minor = minor_nr;
	return 0;
}

static void mounts_done(struct mounts *m)
{
	for (size_t i = 0; i < m->len; i++)
		free(m->item[i].point);
	free(m->item);
}

/* "\\040" and its like stand for what would end a field. In place. */
static void decode(char *text)
{
	char *to = text;

	for (const char *p = text; *p; to++) {
		unsigned int c;

		if (p[0] == '\\' && sscanf(p + 1, "%3o", &c) == 1) {
			*to = (char)c;
			p += 4;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
}

/*
 * Lookups that end, in directories whose names no program answers for: on a disk, or in the kernel's own memory. A type
 * that is not known here is taken by its text alone.
 */
static bool can_be_looked_at(unsigned int major_nr, const char *type)
{
	static const char *const memory[] = {"overlay", "tmpfs", "ramfs", "rootfs", "btrfs", "zfs", "bcachefs"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(memory); i++)
		if (strcmp(type, memory[i]) == 0)
			return true;
	return major_nr != 0 && strncmp(type, "fuse", 4) != 0;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw", see proc(5) */
static int add_mount(char *line, struct mounts *m)
{
	const char *tail = strstr(line, " - ");
	unsigned int major_nr, minor_nr;
	int point = 0, end = 0;
	struct mount *grown;
	char type[32];

	if (!tail || sscanf(tail, " - %31s", type) != 1 ||
	    sscanf(line, "%*d %*d %u:%u %*s %n%*s%n", &major_nr, &minor_nr, &point, &end) != 2 || end == 0)
		return -EBADMSG;
	grown = reallocarray(m->item, m->len + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	m->item = grown;
	line[end] = '\0';
	decode(line + point);
	m->item[m->len] =
		(struct mount){.major = major_nr, .minor = minor_nr, .look = can_be_looked_at(major_nr, type)};
	m->item[m->len].point = strdup(line + point);
	return m->item[m->len].point ? (m->len++, 0) : -ENOMEM;
}

static int read_mounts(const char *path, struct mounts *ret)
{
	scoped_free char *line = NULL;
	FILE *f = fopen(path, "re");
	size_t size = 0;
	int rc = 0;

	if (!f)
		return -errno;
	while (rc == 0 && getline(&line, &size, f) > 0)
		rc = add_mount(line, ret);
	(void)fclose(f);
	return rc;
}

/* What is mounted at that very place; of several the last, which lies on top. */
static const struct mount *mount_at(const struct mounts *m, const char *point)
{
	for (size_t i = m->len; i-- > 0;)
		if (strcmp(m->item[i].point, point) == 0)
			return &m->item[i];
	return NULL;
}

/* One step down. R1: no link is followed. R2: what is not root's is not gone through. */
static int look(int *dir, const char *name, bool last)
{
	scoped_fd next = openat(*dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (next < 0 || fstat(next, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode)) /* R1 */
		return -ELOOP;
	if (!last && st.st_uid != 0) /* R2 */
		return -EPERM;
	drop_fd(dir);
	*dir = take_fd(&next);
	return 0;
}

static int find_mount(const struct mounts *m, const char *path, const struct mount **ret)
{
	scoped_fd dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped_free char *text = strdup(path), *so_far = calloc(1, strlen(path) + 2);
	const struct mount *here = mount_at(m, "/");
	bool looking = here && here->look;
	char *rest = NULL;

	if (dir < 0 || !text || !so_far)
		return dir < 0 ? -errno : -ENOMEM;
	for (char *name = strtok_r(text, "/", &rest); name;) {
		char *next = strtok_r(NULL, "/", &rest);
		const struct mount *there;
		int rc;

		(void)strcat(strcat(so_far, "/"), name); /* no longer than the path and a slash */
		there = mount_at(m, so_far);
		here = there ? there : here;
		looking = looking && here && here->look;
		rc = looking ? look(&dir, name, !next) : 0;
		if (rc < 0)
			return rc;
		name = next;
	}
	*ret = here;
	return here ? 0 : -ENODEV;
}

int crl_device_of(const char *mountinfo, const char *path, uint32_t *ret_major, uint32_t *ret_minor)
{
	__attribute__((cleanup(mounts_done))) struct mounts m = {.len = 0};
	const struct mount *found = NULL;
	char sys[96];
	int rc = read_mounts(mountinfo, &m);

	if (rc == 0)
		rc = find_mount(&m, path, &found);
	if (rc < 0)
		return rc;
	if (found->major == 0)
		return -ENODEV; /* overlay, tmpfs, NFS, btrfs: no device that io.max knows */
	(void)snprintf(sys, sizeof(sys), "/sys/dev/block/%u:%u/partition", found->major, found->minor);
	if (access(sys, F_OK) == 0) {
		/* The link leads to …/sda/sda1: the kernel's own ".." of it is the disk. */
		(void)snprintf(sys, sizeof(sys), "/sys/dev/block/%u:%u/../dev", found->major, found->minor);
		return read_number(sys, ret_major, ret_minor);
	}
	*ret_major = found->major;
	*ret_minor = found->minor;
	return 0;
}

int crl_device_find(const char *path, uint32_t *ret_major, uint32_t *ret_minor)
{
	return crl_device_of("/proc/self/mountinfo", path, ret_major, ret_minor);
}
