// SPDX-License-Identifier: Apache-2.0
/* See unmounted.h. */
#include "store/unmounted.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compat.h"
#include "base/path.h"
#include "base/scope.h"

#define LINE_MAX_BYTES 4096

/* Where it is, or would be; without links. Returns 0, or -ENODEV. */
static int find_place(const char *path, char ret[PATH_MAX], struct crl_err *err)
{
	const char *slash = strrchr(path, '/');
	char above[PATH_MAX], real[PATH_MAX];
	struct stat st;

	if (realpath(path, ret))
		return 0;
	if (lstat(path, &st) == 0)
		return crl_err_set(err, ENODEV, CRL_STAGE_HOME, "%s leads to where nothing is: is that not mounted?",
				   path);
	(void)snprintf(above, sizeof(above), "%.*s", slash == path ? 1 : (int)(slash - path), path);
	if (!realpath(above, real))
		return crl_err_set(err, ENODEV, CRL_STAGE_HOME,
				   "%s is not there, where %s would be: is it not mounted?", above, path);
	if (snprintf(ret, PATH_MAX, "%s%s", strcmp(real, "/") == 0 ? "" : real, slash) >= PATH_MAX)
		return crl_err_set(err, ENODEV, CRL_STAGE_HOME, "%s: its name is too long", path);
	return 0;
}

/*
 * What cannot be asked is taken for mounted: then it is not this that keeps somebody out. So is "/", which in a chroot
 * is no mount's root, whatever the fstab in it says.
 */
static bool is_mounted(const char *dir)
{
	struct statx st;

	if (strcmp(dir, "/") == 0)
		return true;
	if (statx(AT_FDCWD, dir, 0, STATX_TYPE, &st) < 0)
		return errno != ENOENT;
	return !(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) || (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

int crl_unmounted_refuse(const char *fstab, const char *path, struct crl_err *err)
{
	char place[PATH_MAX], line[LINE_MAX_BYTES];
	struct mntent *entry, room;
	int rc = find_place(path, place, err);
	FILE *f = rc == 0 ? setmntent(fstab, "re") : NULL;

	while (f && rc == 0 && (entry = getmntent_r(f, &room, line, sizeof(line))))
		if (!crl_path_fault(entry->mnt_dir) && crl_path_is_within(place, entry->mnt_dir) &&
		    !is_mounted(entry->mnt_dir))
			rc = crl_err_set(err, ENODEV, CRL_STAGE_HOME,
					 "%s is not there, and %s, on which it lies by %s, is not mounted", path,
					 entry->mnt_dir, fstab);
	if (f)
		(void)endmntent(f);
	return rc;
}
