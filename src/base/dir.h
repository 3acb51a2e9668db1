// SPDX-License-Identifier: Apache-2.0
/*
 * The one walk of a directory, by descriptor.
 *
 *	scoped(crl_dir) dir = {0};
 *	int rc = crl_dir_open(at, "rooms", &dir);
 *
 *	for (const char *name; (name = crl_dir_next(&dir));)
 *		look(crl_dir_fd(&dir), name);
 *
 * Runs in: every product. What is removed or added on the way is seen or not; nothing else is left out or seen twice.
 * Errors: a walk that could not begin or go on ends, and @error says why. Who must see everything asks for it after the
 * loop; who takes what there is does not. A directory that was not opened has nothing in it, nor has one that is gone.
 */
#pragma once

#include <dirent.h>
#include <fcntl.h> /* AT_FDCWD */
#include <stdbool.h>

#include "base/scope.h"

struct crl_dir {
	DIR *stream; /* NULL: not open */
	int error; /* 0 or the -errno that ended the walk */
};

/*
 * Begin a walk.
 * @at    directory that @name is beneath, or AT_FDCWD; stays the caller's
 * @name  "." walks @at itself, without moving what else reads it. No link is followed at its end.
 * @ret   to be given back by crl_dir_done() in any case
 * Returns 0 or -errno, which is in ret->error as well.
 */
int crl_dir_open(int at, const char *name, struct crl_dir *ret);

/* The same, but a link at the end is followed: for places of the host's that their owner may have put elsewhere. */
int crl_dir_follow(int at, const char *name, struct crl_dir *ret);

/*
 * Walk an open directory from its beginning, where the sandbox lets no other be opened. @fd is taken in any case; what
 * it was duplicated from must not be read meanwhile.
 */
int crl_dir_take(int fd, struct crl_dir *ret);

/* The next name but "." and "..", until the next call; NULL at the end and on an error. */
const char *crl_dir_next(struct crl_dir *d);

/* The next name that is a number, as processes and descriptors have in /proc. False at the end and on an error. */
bool crl_dir_next_number(struct crl_dir *d, int *ret);

/* For openat(2) and its like. Negative when it is not open. */
int crl_dir_fd(const struct crl_dir *d);

/* Once more from the beginning. */
void crl_dir_rewind(struct crl_dir *d);

void crl_dir_done(struct crl_dir *d);
