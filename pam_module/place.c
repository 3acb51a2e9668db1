// SPDX-License-Identifier: Apache-2.0
/*
 * What the kernel says of the place, since the module may be unloaded between two sessions and remembers nothing.
 *
 * Runs in: the PAM application, as root, in whatever namespaces it is.
 * Trusts: the marker only for whose room it is; whether this process belongs there is asked of the kernel.
 * Owns: R1 a process that has joined a room by setns() is never taken for one that lives in it. A member of the room
 * - is one in the PID namespace of the /proc that it sees: who joined is not, and has no /proc/self;
 * - has children where it is itself: setns() moves only them;
 * - was executed inside: the mount that its program comes from is one of this mount namespace. That holds without a PID
 *   namespace too, and tells a fork of a daemon that joined from a program that the room's people have started.
 */
#include "pam_module/place.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/file.h"
#include "base/scope.h"

#define ROOM_MARKER "/run/carrel-room"
#define UID_KEY "\nuid="

/* A regular file of root's that only root can write; anything else there does not count. */
static bool read_marker(char *buf, size_t size)
{
	/* O_NONBLOCK: a FIFO of that name must not stop the login. */
	scoped_fd fd = open(ROOM_MARKER, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022))
		return false;
	return crl_file_read_fd(fd, buf, size) >= 0;
}

/* "ID\nuid=NUMBER\n" */
static void parse_marker(const char *text, struct place *ret)
{
	const char *uid = strstr(text, UID_KEY);
	unsigned long long number;
	size_t len = 0;
	char *end;

	while (len < sizeof(ret->room) - 1 && isalnum((unsigned char)text[len]))
		len++;
	memcpy(ret->room, text, len);
	if (!uid || !isdigit((unsigned char)uid[sizeof(UID_KEY) - 1]))
		return;
	number = strtoull(uid + sizeof(UID_KEY) - 1, &end, 10);
	if (*end == '\n' && number < UINT32_MAX)
		ret->uid = (uint32_t)number;
}

static bool is_in_proc(void)
{
	char text[16];
	struct statfs fs;
	ssize_t n;

	if (statfs("/proc", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return false;
	n = readlink("/proc/self", text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strtol(text, NULL, 10) == (long)getpid();
}

/* R1. @unknown  the answer when the kernel or the lack of a /proc leaves it open */
static bool children_are_elsewhere(bool unknown)
{
	struct stat mine, theirs;

	if (stat("/proc/self/ns/pid", &mine) < 0)
		return unknown;
	/*
	 * A namespace that has no PID 1, not yet or no more, has no entry: its children would be born there all the
	 * same.
	 */
	if (stat("/proc/self/ns/pid_for_children", &theirs) < 0)
		return true;
	return mine.st_ino != theirs.st_ino || mine.st_dev != theirs.st_dev;
}

static bool is_mounted_here(uint64_t id)
{
	scoped_file *f = fopen("/proc/self/mountinfo", "re");
	scoped_free char *line = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0)
		if (strtoull(line, NULL, 10) == id)
			return true;
	return false;
}

static bool was_executed_here(void)
{
	scoped_fd fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	struct statx st;

	return fd >= 0 && statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 && (st.stx_mask & STATX_MNT_ID) &&
	       is_mounted_here(crl_statx_mount(&st));
}

void place_find(struct place *ret)
{
	char text[64];
	bool marked = read_marker(text, sizeof(text));

	*ret = (struct place){.kind = PLACE_HOST, .uid = UINT32_MAX};
	if (marked) {
		parse_marker(text, ret);
		ret->kind = is_in_proc() && !children_are_elsewhere(true) && was_executed_here() ? PLACE_MEMBER
												 : PLACE_HOLDER;
	} else if (children_are_elsewhere(false)) {
		ret->kind = PLACE_HOLDER; /* a room without mounts of its own shows the host's /proc, and no marker */
	}
}

bool place_leaves_power(void)
{
	return prctl(PR_CAPBSET_READ, CAP_SETUID) == 1 && prctl(PR_CAPBSET_READ, CAP_SETGID) == 1 &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}
