// SPDX-License-Identifier: Apache-2.0
/*
 * Walk a mount plan: one function for each kind of step.
 *
 * Runs in: the room's init, root, before it drops everything.
 * R1: no target is found through a link that anyone but root could have made.
 * R2: nothing of the host's tree is left in the namespace when the walk is done.
 */
#include "apply/mounts.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#include "apply/beneath.h"
#include "apply/room.h"

static crl_room_step *const steps[CRL_MOUNT_KIND_COUNT] = {
	[CRL_MOUNT_ISOLATE] = crl_room_isolate,
	[CRL_MOUNT_HOME_OPEN] = crl_room_home_open,
	[CRL_MOUNT_LOWER_OPEN] = crl_room_lower_open,
	[CRL_MOUNT_SYSTEM] = crl_room_system,
	[CRL_MOUNT_USER] = crl_room_user,
	[CRL_MOUNT_DIR] = crl_room_dir,
	[CRL_MOUNT_FILE] = crl_room_file,
	[CRL_MOUNT_LINK] = crl_room_link,
	[CRL_MOUNT_NODE] = crl_room_node,
	[CRL_MOUNT_ACCOUNTING] = crl_room_accounting,
	[CRL_MOUNT_LASTLOG] = crl_room_lastlog,
	[CRL_MOUNT_HOSTS] = crl_room_hosts,
	[CRL_MOUNT_DEVLOG] = crl_room_devlog,
	[CRL_MOUNT_SEAL] = crl_room_seal,
	[CRL_MOUNT_ROOT] = crl_room_root,
	[CRL_MOUNT_IMAGE] = crl_room_image,
	[CRL_MOUNT_KEEP] = crl_room_keep,
	[CRL_MOUNT_PROTECT] = crl_room_protect,
	[CRL_MOUNT_WRITABLE] = crl_room_writable,
	[CRL_MOUNT_READ_ONLY] = crl_room_read_only,
	[CRL_MOUNT_HIDE] = crl_room_hide,
	[CRL_MOUNT_SOCKET] = crl_room_cover_socket,
	[CRL_MOUNT_PROC] = crl_room_proc,
	[CRL_MOUNT_SYSFS] = crl_room_sysfs,
	[CRL_MOUNT_SYS_BIND] = crl_room_sys_bind,
	[CRL_MOUNT_CGROUP] = crl_room_cgroup,
	[CRL_MOUNT_MASK] = crl_room_mask,
	[CRL_MOUNT_FREEZE] = crl_room_freeze,
	[CRL_MOUNT_SHOW] = crl_room_show,
	[CRL_MOUNT_DEVPTS] = crl_room_devpts,
	[CRL_MOUNT_MQUEUE] = crl_room_mqueue,
	[CRL_MOUNT_TERMINAL] = crl_room_terminal,
	[CRL_MOUNT_OFFER] = crl_room_offer,
	[CRL_MOUNT_BIND] = crl_room_bind,
	[CRL_MOUNT_HOME_TMPFS] = crl_room_home_tmpfs,
	[CRL_MOUNT_HOME_OVERLAY] = crl_room_home_overlay,
	[CRL_MOUNT_HOME] = crl_room_home,
	[CRL_MOUNT_PIVOT] = crl_room_pivot,
};

static enum crl_stage stage_of(enum crl_mount_kind kind)
{
	switch ((int)kind) {
	case CRL_MOUNT_HOME_OPEN:
	case CRL_MOUNT_LOWER_OPEN:
	case CRL_MOUNT_HOME_TMPFS:
	case CRL_MOUNT_HOME_OVERLAY:
	case CRL_MOUNT_HOME:
		return CRL_STAGE_HOME;
	default:
		return CRL_STAGE_MOUNT;
	}
}

int crl_room_fail(struct crl_room *room, const struct crl_mount_op *op, int rc, const char *step)
{
	const char *path = op->target ? op->target : op->source ? op->source : "";
	const char *from =
		op->source && path != op->source && strcmp(op->source, path) != 0 ? op->source : NULL;

	return crl_err_set(room->err, -rc, stage_of(op->kind), "%s %s%s%s: %s", crl_mount_kind_name(op->kind),
			   path, from ? " from " : "", from ? from : "", step);
}

/* Each step opens its places beneath a descriptor (R1); the plan's last one lets go of the host's tree (R2).
 */
static int walk(struct crl_room *room, const struct crl_mount_plan *plan)
{
	for (size_t i = 0; i < plan->len; i++) {
		const struct crl_mount_op *op = &plan->op[i];
		int rc;

		if ((unsigned int)op->kind >= CRL_MOUNT_KIND_COUNT)
			return crl_room_fail(room, op, -EINVAL, "no such step");
		rc = steps[op->kind](room, op);
		if (rc)
			return rc;
	}
	return 0;
}

static int view(struct crl_room *room, struct crl_room_view *ret)
{
	scoped_fd proc = -EBADF;
	scoped_fd utmp = -EBADF;
	int rc = crl_beneath_open(room->tree[CRL_TREE_PROC], ".", O_RDONLY | O_DIRECTORY, 0, &proc);

	if (!rc)
		rc = crl_beneath_open(room->tree[CRL_TREE_SYSTEM], "run/utmp", O_RDONLY, 0, &utmp);
	if (rc)
		return crl_err_set(room->err, -rc, CRL_STAGE_MOUNT, "cannot open the room's /proc and utmp");
	ret->proc = take_fd(&proc);
	ret->utmp = take_fd(&utmp);
	memcpy(ret->covered, room->covered, sizeof(ret->covered));
	return 0;
}

int crl_mounts_apply(const struct crl_mount_plan *plan, const struct crl_login *login,
		     struct crl_room_view *ret, struct crl_err *err)
{
	struct crl_room room = {.login = login,
				.err = err,
				.home = -EBADF,
				.home_mount = -EBADF,
				.lower_ids = -EBADF,
				.accounting_gid = (gid_t)-1};
	mode_t mask = umask(0); /* modes are as the plan has them */
	int rc = 0;

	for (size_t i = 0; i < CRL_TREE_COUNT; i++)
		room.tree[i] = -EBADF;
	room.tree[CRL_TREE_HOST] = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (room.tree[CRL_TREE_HOST] < 0)
		rc = crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot open the host's root");
	if (!rc)
		rc = walk(&room, plan);
	if (!rc)
		rc = view(&room, ret);
	for (size_t i = 0; i < CRL_TREE_COUNT; i++)
		drop_fd(&room.tree[i]);
	drop_fd(&room.home);
	drop_fd(&room.home_mount);
	drop_fd(&room.lower_ids);
	(void)umask(mask);
	return rc;
}
