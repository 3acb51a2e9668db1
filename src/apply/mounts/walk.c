// SPDX-License-Identifier: Apache-2.0
/*
 * Walk a mount plan: one function for each kind of step.
 *
 * Runs in: the room's init, root, before it drops everything.
 * R1: no target is found through a link that anyone but root could have made.
 * R2: nothing of the host's tree is left in the namespace when the walk is done.
 */
#include "apply/mounts/walk.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "apply/mounts/beneath.h"
#include "apply/mounts/mounting.h"

static crl_mounting_step *const steps[CRL_MOUNT_KIND_COUNT] = {
	[CRL_MOUNT_ISOLATE] = crl_mounting_isolate,
	[CRL_MOUNT_HOME_OPEN] = crl_mounting_home_open,
	[CRL_MOUNT_LOWER_OPEN] = crl_mounting_lower_open,
	[CRL_MOUNT_SYSTEM] = crl_mounting_system,
	[CRL_MOUNT_USER] = crl_mounting_user,
	[CRL_MOUNT_DIR] = crl_mounting_dir,
	[CRL_MOUNT_FILE] = crl_mounting_file,
	[CRL_MOUNT_LINK] = crl_mounting_link,
	[CRL_MOUNT_NODE] = crl_mounting_node,
	[CRL_MOUNT_ACCOUNTING] = crl_mounting_accounting,
	[CRL_MOUNT_LASTLOG] = crl_mounting_lastlog,
	[CRL_MOUNT_HOSTS] = crl_mounting_hosts,
	[CRL_MOUNT_RESOLV] = crl_mounting_file,
	[CRL_MOUNT_USERS] = crl_mounting_users,
	[CRL_MOUNT_DEVLOG] = crl_mounting_devlog,
	[CRL_MOUNT_SEAL] = crl_mounting_seal,
	[CRL_MOUNT_OVER] = crl_mounting_over,
	[CRL_MOUNT_OVER_KEPT] = crl_mounting_over_kept,
	[CRL_MOUNT_OVER_SHARED] = crl_mounting_over_shared,
	[CRL_MOUNT_PUBLIC] = crl_mounting_public,
	[CRL_MOUNT_ROOT] = crl_mounting_root,
	[CRL_MOUNT_SKELETON] = crl_mounting_skeleton,
	[CRL_MOUNT_IMAGE] = crl_mounting_image,
	[CRL_MOUNT_APART] = crl_mounting_apart,
	[CRL_MOUNT_OWN] = crl_mounting_own,
	[CRL_MOUNT_STEER] = crl_mounting_steer,
	[CRL_MOUNT_KEEP] = crl_mounting_keep,
	[CRL_MOUNT_PROTECT] = crl_mounting_protect,
	[CRL_MOUNT_MERGE] = crl_mounting_merge,
	[CRL_MOUNT_FIRM] = crl_mounting_firm,
	[CRL_MOUNT_WRITABLE] = crl_mounting_writable,
	[CRL_MOUNT_READ_ONLY] = crl_mounting_read_only,
	[CRL_MOUNT_HIDE] = crl_mounting_hide,
	[CRL_MOUNT_SOCKET] = crl_mounting_cover_socket,
	[CRL_MOUNT_PROC] = crl_mounting_proc,
	[CRL_MOUNT_SYSFS] = crl_mounting_sysfs,
	[CRL_MOUNT_SYS_BIND] = crl_mounting_sys_bind,
	[CRL_MOUNT_CGROUP] = crl_mounting_cgroup,
	[CRL_MOUNT_MASK] = crl_mounting_mask,
	[CRL_MOUNT_FREEZE] = crl_mounting_freeze,
	[CRL_MOUNT_SHOW] = crl_mounting_show,
	[CRL_MOUNT_BARE] = crl_mounting_bare,
	[CRL_MOUNT_DEVPTS] = crl_mounting_devpts,
	[CRL_MOUNT_MQUEUE] = crl_mounting_mqueue,
	[CRL_MOUNT_DEVICE] = crl_mounting_device,
	[CRL_MOUNT_TERMINAL] = crl_mounting_terminal,
	[CRL_MOUNT_OFFER] = crl_mounting_offer,
	[CRL_MOUNT_BIND] = crl_mounting_bind,
	[CRL_MOUNT_HOME_TMPFS] = crl_mounting_home_tmpfs,
	[CRL_MOUNT_HOME_OVERLAY] = crl_mounting_home_overlay,
	[CRL_MOUNT_HOME_KEPT] = crl_mounting_home_kept,
	[CRL_MOUNT_HOME_SHARED] = crl_mounting_home_shared,
	[CRL_MOUNT_HOME_LOWER] = crl_mounting_home_lower,
	[CRL_MOUNT_HOME] = crl_mounting_home,
	[CRL_MOUNT_NAMESPACE] = crl_mounting_namespace,
	[CRL_MOUNT_INSIDE] = crl_mounting_inside,
	[CRL_MOUNT_INSIDE_USERS] = crl_mounting_inside_users,
	[CRL_MOUNT_ALSO] = crl_mounting_also,
	[CRL_MOUNT_LAUNCHER] = crl_mounting_launcher,
	[CRL_MOUNT_PIVOT] = crl_mounting_pivot,
	[CRL_MOUNT_PROVE] = crl_mounting_prove,
};

static enum crl_stage stage_of(enum crl_mount_kind kind)
{
	switch ((int)kind) {
	case CRL_MOUNT_HOME_OPEN:
	case CRL_MOUNT_LOWER_OPEN:
	case CRL_MOUNT_HOME_TMPFS:
	case CRL_MOUNT_HOME_OVERLAY:
	case CRL_MOUNT_HOME_KEPT:
	case CRL_MOUNT_HOME_SHARED:
	case CRL_MOUNT_HOME_LOWER:
	case CRL_MOUNT_HOME:
		return CRL_STAGE_HOME;
	default:
		return CRL_STAGE_MOUNT;
	}
}

int crl_mounting_fail(struct crl_mounting *room, const struct crl_mount_op *op, int rc, const char *step)
{
	const char *path = op->target ? op->target : op->source ? op->source : "";
	const char *from = op->source && path != op->source && strcmp(op->source, path) != 0 ? op->source : NULL;

	return crl_err_set(room->err, -rc, stage_of(op->kind), "%s %s%s%s: %s", crl_mount_kind_name(op->kind), path,
			   from ? " from " : "", from ? from : "", step);
}

/* Each step opens its places beneath a descriptor (R1); the plan's last one lets go of the host's tree (R2). */
static int walk(struct crl_mounting *room, const struct crl_mount_plan *plan)
{
	for (size_t i = 0; i < plan->len; i++) {
		const struct crl_mount_op *op = &plan->op[i];
		int rc;

		if ((unsigned int)op->kind >= CRL_MOUNT_KIND_COUNT || !steps[op->kind])
			return crl_mounting_fail(room, op, -EINVAL, "no such step");
		rc = steps[op->kind](room, op);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int view(struct crl_mounting *room, struct crl_mounts_view *ret)
{
	scoped_fd proc = -EBADF;
	scoped_fd utmp = -EBADF;
	int rc = crl_beneath_open(room->tree[CRL_TREE_PROC], ".", O_RDONLY | O_DIRECTORY, 0, &proc);

	if (rc == 0)
		rc = crl_beneath_open(room->tree[CRL_TREE_SYSTEM], "run/utmp", O_RDWR, 0, &utmp);
	if (rc < 0)
		return crl_err_set(room->err, -rc, CRL_STAGE_MOUNT, "cannot open the room's /proc and utmp");
	ret->proc = take_fd(&proc);
	ret->utmp = take_fd(&utmp);
	memcpy(ret->covered, room->covered, sizeof(ret->covered));
	ret->uncovered = room->uncovered;
	memcpy(ret->homeless, room->homeless, sizeof(ret->homeless));
	return 0;
}

int crl_mounts_apply(const struct crl_mount_plan *plan, const struct crl_login *login, struct crl_mounts_view *ret,
		     struct crl_err *err)
{
	struct crl_mounting room = {.login = login,
				    .err = err,
				    .home = -EBADF,
				    .home_mount = -EBADF,
				    .public = {-EBADF, -EBADF, -EBADF},
				    .public_tree = -EBADF,
				    .root_given = -EBADF,
				    .lower_ids = -EBADF,
				    .ns = -EBADF,
				    .accounting_gid = (gid_t)-1};
	mode_t mask = umask(0); /* modes are as the plan has them */
	int rc = 0;

	if (plan->host) {
		room.alone = plan->host->alone;
		room.far = plan->host->far;
		room.far_len = plan->host->far_len;
		room.layer = plan->host->home.layer;
		room.layers = plan->host->home.layers;
		room.public = (struct crl_host_public){plan->host->public.files - 1, plan->host->public.host - 1,
						       plan->host->public.closed - 1};
		room.root_layer = plan->host->root.layer;
		room.root_layers = plan->host->root.layers;
	}
	for (size_t i = 0; i < CRL_TREE_COUNT; i++)
		room.tree[i] = -EBADF;
	room.tree[CRL_TREE_HOST] = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (room.tree[CRL_TREE_HOST] < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot open the host's root");
	if (rc == 0)
		rc = walk(&room, plan);
	if (rc == 0)
		rc = view(&room, ret);
	for (size_t i = 0; i < CRL_TREE_COUNT; i++)
		drop_fd(&room.tree[i]);
	drop_fd(&room.home);
	for (size_t i = 0; i < room.lowers; i++)
		drop_fd(&room.lower[i]);
	drop_fd(&room.home_mount);
	drop_fd(&room.public_tree);
	drop_fd(&room.root_given);
	drop_fd(&room.lower_ids);
	drop_fd(&room.ns);
	(void)umask(mask);
	return rc;
}
