// SPDX-License-Identifier: Apache-2.0
/*
 * What a process that runs has been left of the host by its service: what the kernel says of it. The option of its
 * unit that may have said so is in unit_option.h.
 *
 * Runs in: carrelctl (root). Reads only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SANDBOXED_UNIT_MAX 128

/* Zero, but for @nofile, is "nothing was taken away". */
struct ctl_sandboxed {
	pid_t pid;
	uint64_t lost; /* capabilities that are not in its bounding set, a bit each */
	bool filter;
	bool other_users; /* another user namespace than ours */
	uint64_t nofile; /* files it may open */
	char unit[SANDBOXED_UNIT_MAX]; /* "ssh.service"; "" = none */
};

/*
 * @proc  "/proc", or a fixture's
 * Returns 0 or -errno: it is gone, or no process.
 */
int ctl_sandboxed_read(const char *proc, pid_t pid, struct ctl_sandboxed *ret);

/* Is the file system at @path read-only for it, by the mount or as a whole? By its own list of mounts. */
bool ctl_sandboxed_is_read_only(const char *proc, pid_t pid, const char *path);

/* Are programs kept from being run from there? */
bool ctl_sandboxed_is_noexec(const char *proc, pid_t pid, const char *path);

/* Does it see something else, or nothing, at @path, where we see something? */
bool ctl_sandboxed_sees_other(const char *proc, pid_t pid, const char *path);
