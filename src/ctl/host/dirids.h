// SPDX-License-Identifier: Apache-2.0
/*
 * Which numbers a directory's users and groups have, as far as the configuration of SSSD or winbind says so: those that
 * are worked out from a range. Numbers that a directory itself has (uidNumber) stand in no file.
 *
 * Runs in: carrelctl. Source: sssd-ldap(5), sssd.conf(5), smb.conf(5), idmap_rid(8).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "plan/ids.h"

struct ctl_dirids {
	struct crl_subid_range range;
	char file[256];
	int line;
};

/*
 * Does a range of ids meet one that a directory has?
 * @etc  NULL = /etc
 * @ret  the first that it meets
 */
bool ctl_dirids_meet(const char *etc, const struct crl_subid_range *range, struct ctl_dirids *ret);
