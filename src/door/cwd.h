// SPDX-License-Identifier: Apache-2.0
/*
 * The working directory of a process that goes into a room and comes back.
 *
 * Runs in: who adopts a room (adopt.h), as root.
 */
#pragma once

#include <limits.h>
#include <sys/types.h>

/* To be found again by its path and known by its inode: users may rename what lies on the way. */
struct crl_cwd {
	char path[PATH_MAX]; /* "" = there is none that a path reaches */
	dev_t dev;
	ino_t ino;
};

/* Remember where the caller is. */
void crl_cwd_save(struct crl_cwd *ret);

/* In a room: go to the same path if the room has it, else @home (NULL = none), else "/". */
void crl_cwd_enter(const struct crl_cwd *cwd, const char *home);

/*
 * On the host again: go to the directory that the caller came from, else "/". Never anywhere else: a privileged
 * application opens and removes files by relative names.
 */
void crl_cwd_return(const struct crl_cwd *cwd);
