// SPDX-License-Identifier: Apache-2.0
/* carrelctl image check: places for the room's mounts, by the plan of a login that is not made. */
#include "ctl/image/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/path.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"
#include "ctl/image/look.h"
#include "door/names.h"
#include "plan/mounts/mountop.h"
#include "plan/mounts/plan.h"
#include "policy/file/load.h"
#include "wire/login.h"

static const char *const always[] = {"/proc", "/sys", "/dev", "/run", "/tmp", "/var", "/etc", "/home"};
/* A link may lead to none of these. */
static const char *const no_links[] = {
	"/proc",
	"/sys",
	"/dev",
	"/run",
	"/tmp",
	"/var/tmp",
	"/var/log",
	"/etc",
	"/etc/userdb",
	"/usr/lib/userdb",
	"/usr/local/lib/userdb",
};

static void tell_place(struct ctl_image_checking *k, const char *path)
{
	if (!ctl_look_is_there(k->root, path))
		ctl_image_tell(k, "places", false, path, "make it, an empty directory or file, in the image");
}

/* A mount follows no link of an image. */
static void tell_link(struct ctl_image_checking *k, const char *path)
{
	if (ctl_look_is_behind_link(k->root, path))
		ctl_image_tell(k, "places", false, path, "have no link in its place, nor on the way to it");
}

/* Kinds that lie on something of the root's. */
static bool needs_place(const struct crl_mount_op *op)
{
	if (!op->target || op->target[0] != '/' || op->flags & (CRL_OP_OPTIONAL | CRL_OP_PLACE))
		return false;
	return op->kind == CRL_MOUNT_PROC || op->kind == CRL_MOUNT_SYSFS || op->kind == CRL_MOUNT_SYS_BIND ||
	       op->kind == CRL_MOUNT_SHOW || op->kind == CRL_MOUNT_BIND || op->kind == CRL_MOUNT_WRITABLE ||
	       op->kind == CRL_MOUNT_HOME;
}

/* Does an earlier step bring what it lies in? */
static bool lies_in_own(const struct crl_mount_plan *plan, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (needs_place(&plan->op[i]) && crl_path_is_within(plan->op[at].target, plan->op[i].target) &&
		    strcmp(plan->op[at].target, plan->op[i].target) != 0)
			return true;
	return false;
}

static enum ctl_exit check_plan(struct ctl_image_checking *k, const struct crl_policy *p, const struct crl_login *login)
{
	struct crl_host host = {.room_id = "check", .cgroup2_unified = true};
	scoped_fd mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct crl_mount_plan plan = {.len = 0};
	struct crl_err err = {0};
	int rc;

	crl_ignore(gethostname(host.name, sizeof(host.name) - 1) < 0);
	rc = mountinfo < 0 ? crl_err_set(&err, errno, CRL_STAGE_MOUNT, "cannot open /proc/self/mountinfo")
			   : crl_host_read_mounts(mountinfo, &host, &err);
	if (rc == 0)
		rc = crl_mount_plan_build(p, login, &host, &plan, &err);
	for (size_t i = 0; rc == 0 && i < plan.len; i++)
		if (needs_place(&plan.op[i]) && !lies_in_own(&plan, i))
			tell_place(k, plan.op[i].target);
	crl_mount_plan_done(&plan);
	crl_host_done(&host);
	return rc < 0 ? ctl_error(k->c, &err) : CTL_YES;
}

static bool anybody(void *arg, const struct crl_login *l)
{
	(void)arg, (void)l;
	return true;
}

/* The policy as that login would have it, with this image for its root. */
static int plan_for(struct ctl_image_checking *k, struct crl_policy *p, const struct crl_login *login,
		    struct crl_err *err)
{
	struct crl_config *config = NULL;
	char host[CRL_FACT_MAX] = "", group[CRL_GROUP_MAX] = "";
	const struct crl_facts facts = {.login = login, .host = host, .group = group};
	int rc = ctl_load_config(k->c, &config, err);

	crl_ignore(gethostname(host, sizeof(host) - 1) < 0);
	crl_ignore(crl_names_group_name(login->gid, group) < 0);
	if (rc == 0)
		rc = crl_config_policy(config, k->c->policy, p, err);
	if (rc == 0)
		rc = crl_expand_policy(p, &facts, err);
	crl_config_free(config);
	if (rc < 0)
		return rc;
	free(p->root_image);
	free(p->root_path);
	p->root_path = NULL;
	p->root_image = strdup(k->image.name);
	p->root_mode = CRL_ROOT_IMAGE;
	return p->root_image ? 0 : crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
}

static enum ctl_exit check_policy(struct ctl_image_checking *k)
{
	scoped_free struct crl_login *login = calloc(1, sizeof(*login));
	scoped(crl_policy) p = {0};
	struct crl_err err = {0};

	if (!login)
		return ctl_complain(k->c, CTL_FAIL, "out of memory");
	if (!ctl_sample_user(k->c, anybody, NULL, login))
		return ctl_complain(k->c, CTL_NO, "no user of this host to try the policy with: name one by --user");
	if (plan_for(k, &p, login, &err) < 0)
		return ctl_error(k->c, &err);
	return check_plan(k, &p, login);
}

enum ctl_exit ctl_image_check_places(struct ctl_image_checking *k)
{
	unsigned int before = k->lacks;
	enum ctl_exit status = CTL_YES;

	for (size_t i = 0; i < CRL_ARRAY_LEN(always); i++)
		tell_place(k, always[i]);
	for (size_t i = 0; i < CRL_ARRAY_LEN(no_links); i++)
		tell_link(k, no_links[i]);
	if (k->c->policy)
		status = check_policy(k);
	if (k->lacks == before)
		ctl_image_tell(k, "places", true, k->c->policy ? "for all of the policy's mounts" : "for every room",
			       "");
	return status;
}
