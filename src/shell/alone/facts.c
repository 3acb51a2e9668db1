// SPDX-License-Identifier: Apache-2.0
/*
 * Who the user is, as root has published it; what the host is like; the room's plan.
 *
 *  R1  Where passwd has the number, one of its names is the one that the policy was published for: a number may have
 *      been somebody else's.
 *
 * Runs in: carrel-shell, outside. Asks no name service: who is static cannot, and root has said it all.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "apply/mounts/host_devices.h"
#include "apply/mounts/host_places.h"
#include "apply/mounts/host_sockets.h"
#include "policy/template.h"
#include "shell/alone/room.h"
#include "state/published.h"

#define CGROUP2_MAGIC 0x63677270

static int read_groups(struct crl_login *l, struct crl_err *err)
{
	gid_t group[CRL_GROUPS_MAX];
	int n = getgroups(CRL_ARRAY_LEN(group) - 1, group);

	if (n < 0)
		return crl_err_set(err, errno, CRL_STAGE_REQUEST, "cannot read the groups");
	l->groups[l->ngroups++] = l->gid;
	for (int i = 0; i < n; i++)
		if (!crl_login_in_group(l, group[i]))
			l->groups[l->ngroups++] = group[i];
	return 0;
}

/* Who is in no line is somebody of a directory's, of whom nothing is known here. */
static bool is_named(FILE *passwd, uint32_t uid, const char *name)
{
	bool known = false, named = false;

	for (const struct passwd *pw; (pw = fgetpwent(passwd));) {
		known |= pw->pw_uid == uid;
		named |= pw->pw_uid == uid && strcmp(pw->pw_name, name) == 0;
	}
	return named || (!known && feof(passwd)); /* not where the rest cannot be read */
}

/* R1 */
int alone_prove_name(const struct crl_published *p, struct crl_err *err)
{
	scoped_file *f = fopen("/etc/passwd", "re");

	if (!f)
		return crl_err_set(err, errno, CRL_STAGE_REQUEST, "cannot read /etc/passwd");
	if (is_named(f, p->uid, p->user))
		return 0;
	return crl_err_set(err, EPERM, CRL_STAGE_REQUEST,
			   "what is published for uid %" PRIu32 " is for user %s, who has that number no more", p->uid,
			   p->user);
}

static int know_user(struct alone_room *room, struct crl_err *err)
{
	const struct crl_published *p = room->published;
	struct crl_login *l = &room->login;
	int rc;

	*l = (struct crl_login){.uid = p->uid, .gid = p->gid};
	if (getuid() != p->uid || geteuid() != p->uid || getgid() != p->gid || getegid() != p->gid)
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST,
				   "uid %u, gid %u: the published policy is for uid %" PRIu32 ", gid %" PRIu32,
				   geteuid(), getegid(), p->uid, p->gid);
	(void)snprintf(l->user, sizeof(l->user), "%s", p->user);
	(void)snprintf(l->home, sizeof(l->home), "%s", p->home);
	(void)snprintf(l->service, sizeof(l->service), "carrel-shell");
	rc = read_groups(l, err);
	return rc < 0 ? rc : crl_login_check(l, err);
}

static int expand(struct alone_room *room, struct crl_err *err)
{
	const struct crl_facts facts = {
		.login = &room->login, .host = room->host.name, .group = room->published->group};

	return crl_expand_policy(&room->published->policy, &facts, err);
}

static int look_at_host(struct alone_room *room, struct crl_err *err)
{
	scoped_fd fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	const struct crl_policy *p = &room->published->policy;
	struct crl_host *host = &room->host;
	struct statfs fs;
	int rc = 0;

	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot open /proc/self/mountinfo");
	host->alone = true;
	(void)snprintf(host->room_id, sizeof(host->room_id), "alone-%d", (int)getpid());
	(void)snprintf(host->outer_tty, sizeof(host->outer_tty), "%s", room->tty.name);
	host->nest = p->nested_proc && room->published->nest;
	host->cgroup2_unified = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_MAGIC;
	if (p->namespaces & CRL_NS_BIT(CRL_NS_UTS))
		(void)snprintf(host->room_name, sizeof(host->room_name), "%s", p->hostname);
	if (p->net_mode == CRL_NET_NAT)
		rc = alone_way_look(room, err);
	if (rc < 0)
		return rc;
	crl_find_host_places(host);
	if (p->root_mode != CRL_ROOT_IMAGE)
		rc = crl_find_host_sockets(host, err);
	if (rc == 0)
		rc = crl_find_host_devices(p, host, err);
	if (rc == 0)
		rc = crl_find_host_top(host, err);
	return rc < 0 ? rc : crl_host_read_mounts(fd, host, err);
}

int alone_look(struct alone_room *room, struct crl_err *err)
{
	int rc = know_user(room, err);

	if (rc == 0 && gethostname(room->host.name, sizeof(room->host.name) - 1) < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot read the host's name");
	if (rc == 0)
		rc = expand(room, err);
	if (rc == 0)
		rc = look_at_host(room, err);
	return rc < 0 ? rc
		      : crl_mount_plan_build(&room->published->policy, &room->login, &room->host, &room->plan, err);
}
