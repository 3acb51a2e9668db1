// SPDX-License-Identifier: Apache-2.0
/*
 * A plan, read the other way round: what stands at a path of the room, for those who ask before there is one.
 *
 * Runs in: carrelctl. Pure.
 */
#include "base/path.h"
#include "plan/mounts/plan.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct standing {
	enum crl_mount_shown shown;
	const char *base; /* on the host; NULL = what is shown is not the host's */
	const char *rest; /* of the path, behind what @base stands for */
};

/* Kinds that bring something of the room's own. The host's mounts stay what they are; files are no directories. */
static bool is_own(enum crl_mount_kind kind)
{
	return kind == CRL_MOUNT_PROC || kind == CRL_MOUNT_SYSFS || kind == CRL_MOUNT_SYS_BIND ||
	       kind == CRL_MOUNT_SHOW || kind == CRL_MOUNT_DEVPTS || kind == CRL_MOUNT_MQUEUE;
}

static bool is_of_host(enum crl_mount_kind kind)
{
	return kind == CRL_MOUNT_WRITABLE || kind == CRL_MOUNT_BIND || kind == CRL_MOUNT_OFFER;
}

/* What is put over the path, or over what it lies in. */
static void cover(struct standing *a, const struct crl_mount_op *op, const char *rest)
{
	if (op->kind == CRL_MOUNT_HIDE)
		*a = (struct standing){.shown = CRL_SHOWN_NOTHING};
	else if (is_of_host(op->kind))
		*a = (struct standing){op->flags & CRL_OP_WRITABLE ? CRL_SHOWN_WRITABLE : CRL_SHOWN_READ_ONLY,
				       op->source, rest};
	else if (op->kind == CRL_MOUNT_READ_ONLY && a->shown == CRL_SHOWN_WRITABLE)
		a->shown = CRL_SHOWN_READ_ONLY;
	else if (op->kind == CRL_MOUNT_HOME)
		*a = (struct standing){.shown = CRL_SHOWN_HOME};
	else if (is_own(op->kind))
		*a = (struct standing){.shown = CRL_SHOWN_OWN};
}

static void take_step(struct standing *a, const struct crl_mount_op *op, const char *path)
{
	bool made = op->kind == CRL_MOUNT_IMAGE;

	if (op->kind == CRL_MOUNT_ROOT || made)
		*a = (struct standing){made && (op->flags & CRL_OP_WRITABLE) ? CRL_SHOWN_WRITABLE : CRL_SHOWN_READ_ONLY,
				       made ? op->source : "", path}; /* of a stored image that is its name */
	else if (!op->target || op->target[0] != '/')
		return;
	else if (crl_path_is_within(path, op->target))
		cover(a, op, path + strlen(op->target));
	else if ((op->flags & CRL_OP_PLACE) && crl_path_is_within(op->target, path) && a->shown == CRL_SHOWN_NOTHING)
		a->shown = CRL_SHOWN_WAY;
}

enum crl_mount_shown crl_mount_plan_where(const struct crl_mount_plan *plan, const char *path, char *ret_source)
{
	struct standing a = {.shown = CRL_SHOWN_NOTHING};

	for (size_t i = 0; i < plan->len; i++)
		take_step(&a, &plan->op[i], path);
	(void)snprintf(ret_source, PATH_MAX, "%s%s", a.base ? a.base : "", a.base ? a.rest : "");
	return a.shown;
}
