// SPDX-License-Identifier: Apache-2.0
/*
 * The home: what it is made from, and where it goes.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/mounts_build.h"

#include <errno.h>
#include <string.h>

#include "base/path.h"

static int check_home(struct crl_build *b)
{
	const char *home = b->login->home;
	const char *fault = crl_path_fault(home);

	if (fault)
		return crl_err_set(b->err, EINVAL, CRL_STAGE_HOME, "home: found \"%s\", expected %s", home, fault);
	if (!strcmp(home, "/"))
		fault = "is the root";
	for (size_t i = 0; i < b->fixed_len && !fault; i++)
		if (!strcmp(home, b->fixed[i].path) || crl_path_is_within(b->fixed[i].path, home))
			fault = "is a place of the room's own";
	if (!fault && (crl_path_is_within(home, "/proc") || crl_path_is_within(home, "/sys") ||
		       crl_path_is_within(home, "/dev")))
		fault = "is in a place of the kernel's";
	if (!fault && (crl_path_is_within(home, "/run/user")))
		fault = "is a place of the room's own";
	if (!fault)
		return 0;
	return crl_err_set(b->err, EINVAL, CRL_STAGE_HOME, "home \"%s\" %s", home, fault);
}

static int check_sources(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	const char *fault = NULL;
	const char *path = NULL;
	const char *key = "home.lower";

	if (p->home_mode == CRL_HOME_OVERLAY)
		path = p->home_lower;
	if (p->home_mode == CRL_HOME_TMPFS) {
		path = p->home_skeleton;
		key = "home.skeleton";
	}
	if (path)
		fault = crl_path_fault(path);
	if (!fault)
		return 0;
	return crl_err_set(b->err, EINVAL, CRL_STAGE_HOME, "%s: found \"%s\", expected %s", key, path, fault);
}

int crl_build_home_open(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	const struct crl_login *l = b->login;
	int rc = check_home(b);

	if (!rc)
		rc = check_sources(b);
	if (rc || p->home_mode == CRL_HOME_TMPFS)
		return rc;
	if (p->home_mode == CRL_HOME_OVERLAY && p->home_lower)
		return CRL_ADD(b, .kind = CRL_MOUNT_LOWER_OPEN, .source = p->home_lower, .uid = l->uid, .gid = l->gid,
			       .flags = p->lower_owner == CRL_LOWER_USER ? CRL_OP_OWNED : 0);
	return CRL_ADD(b, .kind = CRL_MOUNT_HOME_OPEN, .source = l->home, .uid = l->uid, .gid = l->gid);
}

int crl_build_home(struct crl_build *b)
{
	const struct crl_policy *p = b->policy;
	const struct crl_login *l = b->login;
	int rc = 0;

	if (p->home_mode != CRL_HOME_REAL)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = "upper",
			     .mode = 0700);
	if (!rc && p->home_mode == CRL_HOME_TMPFS)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_HOME_TMPFS, .source = p->home_skeleton,
			     .number = p->home_size, .mode = 0700, .uid = l->uid, .gid = l->gid,
			     .target = "upper");
	if (!rc && p->home_mode == CRL_HOME_OVERLAY)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_HOME_OVERLAY, .source = p->home_lower,
			     .number = p->home_size, .mode = 0700, .uid = l->uid, .gid = l->gid,
			     .target = "upper");
	if (rc)
		return rc;
	return crl_build_add_placed(
		b, (struct crl_mount_op){.kind = CRL_MOUNT_HOME,
					 .target = l->home,
					 .flags = CRL_OP_WRITABLE | CRL_OP_FOLLOW | crl_build_exec(b, l->home)});
}
