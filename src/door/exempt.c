// SPDX-License-Identifier: Apache-2.0
/* See exempt.h. */
#include "door/exempt.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "door/names.h"

const char *crl_exempt_group_fault(const char *name)
{
	if (!name[0])
		return "is empty";
	return strlen(name) >= CRL_GROUP_MAX ? "is too long" : NULL;
}

const char *crl_exempt_group(const char *named)
{
	return named && !crl_exempt_group_fault(named) ? named : CRL_BREAK_GLASS;
}

bool crl_exempt_is_root(const struct crl_login *login)
{
	return login->uid == 0;
}

int crl_exempt_breaks_glass(const struct crl_login *login, const char *group)
{
	uint32_t gid;
	int rc = crl_names_group_id(group, &gid);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	return crl_login_in_group(login, gid) != 0;
}
