// SPDX-License-Identifier: Apache-2.0
/*
 * Does a file system answer? What is looked at where a server or a program answers for files (NFS, FUSE, an
 * automounter) is looked at by a child with a deadline, so that a dead one holds up no command. One that did not answer
 * is asked once.
 */
#pragma once

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "ctl/host/inchild.h"

/* Where, of what a process sees, a server or a program answers for files, or may below an overlay. */
struct ctl_far {
	char **place; /* owned */
	size_t len;
};

/* By the kernel's word. @pid  0 = this process. Returns 0 or -errno. */
int ctl_far_read(pid_t pid, struct ctl_far *ret) CRL_MUST_CHECK;
void ctl_far_done(struct ctl_far *far);

/* Of this process, read once; a command is short. NULL = they cannot be told. */
const struct ctl_far *ctl_far_here(void);

/* The last such place at or above @path, which has no links; NULL = the kernel answers alone. */
const char *ctl_far_at(const struct ctl_far *far, const char *path);

/*
 * As ctl_ask_child(), about what is at @place.
 * Returns -ETIMEDOUT at once where that has not answered before, or enough others have not.
 */
int ctl_ask_far(const char *place, ctl_question *ask, const void *arg, void **answer, size_t size) CRL_MUST_CHECK;

/* stat(2) of a path on the host. Returns 0; -ETIMEDOUT what it is on does not answer; -errno. */
int ctl_stat(const char *path, struct stat *ret) CRL_MUST_CHECK;

/* The places that have not answered, one by one; NULL = there are no more. */
const char *ctl_silent(size_t i);
