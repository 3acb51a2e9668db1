// SPDX-License-Identifier: Apache-2.0
/*
 * One object of a home copied well: a file with its holes, a symbolic link, a FIFO; with mode, times, user.* attributes
 * and ACLs. What could give power is left behind: set-id bits of files, security.* and trusted.* attributes, devices.
 *
 * Runs in: workers with the user's rights. What is made belongs to who runs it.
 * Trusts: nothing of what is copied; no link is followed and no mount is gone into.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/scope.h"

/* A directory that things are copied into. */
struct crl_object_place {
	int dir; /* the caller's */
	gid_t gid; /* the group that something new gets there by itself */
	bool inherits; /* it has a default ACL, which is not what a copy shall have */
};

/* Look at a directory, open for reading. Returns 0 or -errno. */
int crl_object_place_at(int dir, struct crl_object_place *ret) CRL_MUST_CHECK;

/*
 * Copy one object that is no directory.
 * @from, @name  where it is
 * @st           what it was when it was looked at
 * @to, @as      where it goes; nothing may have that name
 * The data is not yet on the disk: see syncfs(2). The group is kept where the process may give it.
 * Returns 0; -EOPNOTSUPP a socket, a device, or attributes that @to cannot have; -ESTALE it is no longer what @st
 * says; -EEXIST; -EACCES it cannot be read; -ENOSPC, -EDQUOT …; on an error nothing is left by the name of @as, but
 * for -EEXIST.
 */
int crl_object_copy(int from, const char *name, const struct stat *st, const struct crl_object_place *to,
		    const char *as) CRL_MUST_CHECK;

/*
 * Give an open directory the group, mode (set-user-id never), user.* attributes, ACLs and times of another.
 * @st     of @from
 * @fresh  @to was just made, and nothing is to be taken away from it
 * Only what differs is touched, so that what is the same need not be the caller's; the times of a directory of others'
 * stay as they are. Returns 0 or -errno.
 */
int crl_object_dress(int from, int to, const struct stat *st, bool fresh) CRL_MUST_CHECK;
