// SPDX-License-Identifier: Apache-2.0
/*
 * The launcher of ambient capabilities in its room, and the proof that no other file there gives any.
 *
 * Runs in: the room's init, root. Source: capabilities(7) "File capabilities", linux/capability.h,
 * proc_pid_mountinfo(5).
 * R1: it is root's, on a mount of its own that nobody can write to, with just the capabilities of the policy.
 * R2: what the kernel tells of the room's mounts decides, not what was asked for.
 */
#include "apply/mounts/mounting.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apply/filecaps.h"
#include "apply/mounts/beneath.h"
#include "base/compat.h"

#define SPARE (64u << 10) /* bytes of the file system beside the file's own */

/* Its mode comes last: nothing that is not finished can be executed. */
static int make_program(const struct crl_mount_op *op, int dir)
{
	scoped_fd fd = openat(dir, op->source, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : crl_mounting_write(fd, op->data, op->number);

	if (rc == 0)
		rc = crl_filecaps_set(fd, op->caps);
	if (rc == 0 && fchmod(fd, 0555))
		rc = -errno;
	return rc;
}

/* R1 */
int crl_mounting_launcher(struct crl_mounting *room, const struct crl_mount_op *op)
{
	struct crl_mount_op fs = *op;
	scoped_fd fd = -EBADF;
	int rc;

	fs.number = op->number + SPARE;
	fs.inodes = 16;
	rc = crl_mounting_make_apart(room, &fs, &fd);
	if (rc < 0)
		return rc;
	rc = make_program(op, fd);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot make the program with its capabilities");
	rc = crl_mount_change(fd, false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, 0);
	return rc < 0 ? crl_mounting_fail(room, op, rc, "cannot make it read-only")
		      : crl_mounting_attach(room, op, fd, true);
}

static bool has_option(const char *options, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = options; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (strncmp(p, name, len) == 0 && (p[len] == ',' || !p[len]))
			return true;
	}
	return false;
}

/* "ID PARENT MAJOR:MINOR ROOT TARGET OPTIONS ...". @line  is taken apart. Returns false: it is not such a line */
static bool take_line(char *line, const char **ret_target, const char **ret_options)
{
	char *field[6];

	for (size_t i = 0; i < CRL_ARRAY_LEN(field); i++) {
		field[i] = strsep(&line, " ");
		if (!field[i])
			return false;
	}
	*ret_target = field[4];
	*ret_options = field[5];
	return true;
}

/* @ret_found  mounts on @launcher that are as that one is to be. Returns what is wrong with the line, or NULL */
static const char *judge_line(char *line, const char *launcher, const char **ret_target, unsigned int *ret_found)
{
	const char *options;

	if (!take_line(line, ret_target, &options)) {
		*ret_target = "/proc/self/mountinfo";
		return "is not as proc_pid_mountinfo(5) says";
	}
	if (has_option(options, "nosuid"))
		return NULL;
	if (strcmp(*ret_target, launcher) != 0)
		return "is not nosuid, and files on it would count";
	if (!has_option(options, "ro"))
		return "is not read-only";
	++*ret_found;
	return NULL;
}

/* R2 */
int crl_mounting_prove(struct crl_mounting *room, const struct crl_mount_op *op)
{
	const char *target = op->target, *fault = NULL;
	scoped_fd fd = -EBADF;
	scoped_file *f = NULL;
	scoped_free char *line = NULL;
	unsigned int found = 0;
	char name[32], text[300];
	size_t size = 0;
	int rc;

	(void)snprintf(name, sizeof(name), "%d/mountinfo", getpid());
	rc = crl_beneath_open(room->tree[CRL_TREE_PROC], name, O_RDONLY, 0, &fd);
	if (rc < 0)
		return crl_mounting_fail(room, op, rc, "cannot read the room's mounts");
	f = fdopen(fd, "re");
	if (!f)
		return crl_mounting_fail(room, op, -errno, "cannot read the room's mounts");
	(void)take_fd(&fd);
	while (!fault && getline(&line, &size, f) > 0)
		fault = judge_line(line, op->target, &target, &found);
	if (!fault && (ferror(f) || found != 1)) {
		target = op->target;
		fault = "is not there, or not alone";
	}
	if (!fault)
		return 0;
	(void)snprintf(text, sizeof(text), "%.200s %s", target, fault);
	return crl_mounting_fail(room, op, -EPERM, text);
}
