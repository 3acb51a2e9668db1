// SPDX-License-Identifier: Apache-2.0
/* A user as the name service tells it; what the module does at a login. See ctl.h. */
#include "ctl/ctl.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#define BREAK_GLASS "carrel-break-glass"

static int fill_groups(const struct passwd *pw, struct crl_login *l, struct crl_err *err)
{
	gid_t groups[CRL_GROUPS_MAX];
	int n = CRL_GROUPS_MAX;

	if (getgrouplist(pw->pw_name, pw->pw_gid, groups, &n) < 0)
		return crl_err_set(err, E2BIG, CRL_STAGE_REQUEST, "more than %d groups", CRL_GROUPS_MAX);
	for (int i = 0; i < n; i++)
		l->groups[i] = groups[i];
	l->ngroups = (uint32_t)n;
	return 0;
}

int ctl_login_of(const struct ctl *c, const char *user, struct crl_login *ret, struct crl_err *err)
{
	const struct passwd *pw;

	*ret = (struct crl_login){0};
	errno = 0;
	pw = getpwnam(user);
	if (!pw && errno != 0 && errno != ENOENT)
		return crl_err_set(err, errno, CRL_STAGE_REQUEST, "the name service did not answer for %s: %s", user,
				   strerrordesc_np(errno));
	if (!pw)
		return crl_err_set(err, ENOENT, CRL_STAGE_REQUEST, "no user %s", user);
	ret->uid = pw->pw_uid;
	ret->gid = pw->pw_gid;
	(void)snprintf(ret->user, sizeof(ret->user), "%s", pw->pw_name);
	(void)snprintf(ret->home, sizeof(ret->home), "%s", pw->pw_dir);
	(void)snprintf(ret->service, sizeof(ret->service), "%s", c->service ? c->service : "sshd");
	(void)snprintf(ret->rhost, sizeof(ret->rhost), "%s", c->rhost ? c->rhost : "");
	(void)snprintf(ret->tty, sizeof(ret->tty), "%s", c->tty ? c->tty : strcmp(ret->service, "sshd") == 0 ? "ssh" : "");
	return fill_groups(pw, ret, err);
}

int ctl_group_lookup(void *arg, const char *name, uint32_t *ret_gid)
{
	const struct group *g;

	(void)arg;
	errno = 0;
	g = getgrnam(name);
	if (!g)
		return errno == 0 || errno == ESRCH ? -ENOENT : -errno;
	*ret_gid = g->gr_gid;
	return 0;
}

int ctl_group_name(uint32_t gid, char ret[CRL_GROUP_MAX])
{
	const struct group *g;

	errno = 0;
	g = getgrgid(gid);
	if (!g)
		return errno == 0 || errno == ESRCH ? -ENOENT : -errno;
	if (strlen(g->gr_name) >= CRL_GROUP_MAX)
		return -ENAMETOOLONG;
	memcpy(ret, g->gr_name, strlen(g->gr_name) + 1);
	return 0;
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
