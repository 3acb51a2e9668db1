// SPDX-License-Identifier: Apache-2.0
/* A user as the name service tells it; what the module does at a login. See ctl.h. */
#include "ctl/ctl.h"

#include <string.h>

#include "door/names.h"

#define BREAK_GLASS "carrel-break-glass"

int ctl_login_of(const struct ctl *c, const char *user, struct crl_login *ret, struct crl_err *err)
{
	int r;

	*ret = (struct crl_login){0};
	r = crl_names_user(user, ret, err);
	if (r < 0)
		return r;
	(void)snprintf(ret->service, sizeof(ret->service), "%s", c->service ? c->service : "sshd");
	(void)snprintf(ret->rhost, sizeof(ret->rhost), "%s", c->rhost ? c->rhost : "");
	(void)snprintf(ret->tty, sizeof(ret->tty), "%s", c->tty ? c->tty : strcmp(ret->service, "sshd") == 0 ? "ssh" : "");
	return crl_names_groups(ret, err);
}

int ctl_group_lookup(void *arg, const char *name, uint32_t *ret_gid)
{
	(void)arg;
	return crl_names_group_id(name, ret_gid);
}

const char *ctl_is_exempt(const struct crl_login *l)
{
	uint32_t gid;

	if (l->uid == 0)
		return "uid 0 is exempt: root logs in without a room, and an alert is logged.";
	if (ctl_group_lookup(NULL, BREAK_GLASS, &gid) == 0 && crl_login_in_group(l, gid))
		return "in group " BREAK_GLASS ": logs in without a room, and an alert is logged.";
	return NULL;
}
