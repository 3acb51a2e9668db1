// SPDX-License-Identifier: Apache-2.0
/*
 * See exempt.h: the administrator's switch. Apart from the rest, which asks the name service: carrel-shell is static.
 *
 * Runs in: the PAM application, carrelctl, carrel-shell.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "door/exempt.h"

/* Looked at before configuration and helper, since they may be what is broken. */
bool crl_exempt_is_off(const char *config, char *ret_path, size_t size, struct crl_err *err)
{
	const char *slash = strrchr(config, '/');
	struct stat st;
	int n = snprintf(ret_path, size, "%.*s/off", slash ? (int)(slash - config) : 1, slash ? config : ".");

	if (n < 0 || (size_t)n >= size || fstatat(AT_FDCWD, ret_path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (S_ISREG(st.st_mode) && st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return true;
	(void)crl_err_set(err, EPERM, CRL_STAGE_CONFIG,
			  "%s does not count: expected a plain file of root's that nobody else can write", ret_path);
	return false;
}
