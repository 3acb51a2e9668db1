// SPDX-License-Identifier: Apache-2.0
/* carrelctl home USER snapshot, restore and drop: names for frozen changes. */
#include "ctl/home/actions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/home/flat.h"
#include "ctl/home/kept.h"
#include "ctl/home/trash.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "store/stack.h"

#define MOST (CRL_SNAPSHOTS_MAX - 1) /* of an operator's; home.snapshots is for users */

/* A name is wrong, there is none, or there are too many: an answer, and no failure of the system. */
static enum ctl_exit tell(const struct ctl *c, const struct crl_err *err)
{
	enum ctl_exit status = ctl_error(c, err);

	return err->code == EINVAL ? CTL_USAGE : err->code == ENOENT || err->code == EEXIST ? CTL_NO : status;
}

static enum ctl_exit run_snapshot(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	struct crl_err err = {0};
	enum ctl_exit status = ctl_kept_open(c, CTL_KEPT_CHANGE, &kept);

	(void)argc;
	if (status != CTL_YES)
		return status;
	if (crl_snapshot_take(kept.data, argv[0], time(NULL), MOST, &err) < 0)
		return tell(c, &err);
	(void)printf("snapshot %s taken\n", argv[0]);
	return CTL_YES;
}

static enum ctl_exit run_restore(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	struct crl_err err = {0};
	enum ctl_exit status = ctl_kept_open(c, CTL_KEPT_CHANGE, &kept);
	char before[CRL_SNAPSHOT_NAME_MAX];

	(void)argc;
	if (status != CTL_YES)
		return status;
	if (!crl_snapshots_find(&kept.snapshots, argv[0]))
		return ctl_complain(c, CTL_NO, "there is no snapshot \"%s\"", argv[0]);
	if (!ctl_kept_name_before(before))
		return ctl_complain(c, CTL_FAIL, "cannot read the clock");
	if (!ctl_kept_confirm(c, "restore snapshot %s for %s; what changed since %s%s", argv[0], c->subject,
			      c->replace ? "is thrown away" : "is kept as snapshot ", c->replace ? "" : before))
		return CTL_NO;
	status = ctl_home_commit_clean(c, &kept);
	if (status != CTL_YES)
		return status;
	if (crl_snapshot_restore(kept.data, argv[0], c->replace ? NULL : before, time(NULL), &err) < 0)
		return tell(c, &err);
	(void)printf("snapshot %s restored\n", argv[0]);
	if (crl_stack_read(kept.data, NULL, &kept.snapshots, &err) == 0 && crl_snapshots_find(&kept.snapshots, before))
		(void)printf("what there was is snapshot %s\n", before);
	return ctl_home_empty_trash(c, &kept);
}

static enum ctl_exit run_drop(const struct ctl *c, int argc, char **argv)
{
	scoped(ctl_kept) kept = CTL_KEPT_INIT;
	struct crl_err err = {0};
	enum ctl_exit status = ctl_kept_open(c, CTL_KEPT_CHANGE, &kept);

	(void)argc;
	if (status != CTL_YES)
		return status;
	if (!crl_snapshots_find(&kept.snapshots, argv[0]))
		return ctl_complain(c, CTL_NO, "there is no snapshot \"%s\"", argv[0]);
	if (!ctl_kept_confirm(c, "drop snapshot %s of %s, so that nothing can go back to it", argv[0], c->subject))
		return CTL_NO;
	if (crl_snapshot_drop(kept.data, argv[0], &err) < 0)
		return tell(c, &err);
	(void)printf("snapshot %s dropped\n", argv[0]);
	status = ctl_flat_thin(c, &kept);
	return status == CTL_YES ? ctl_home_empty_trash(c, &kept) : status;
}

const struct ctl_command ctl_home_snapshot_action = {
	.name = "snapshot",
	.usage = "NAME",
	.summary = "freeze the changes under a name",
	.examples = (const char *const[]){"carrelctl home alice snapshot before-upgrade", NULL},
	.least = 1,
	.most = 1,
	.looks_at_rooms = true,
	.run = run_snapshot,
};

const struct ctl_command ctl_home_restore_action = {
	.name = "restore",
	.usage = "NAME",
	.summary = "go back to a snapshot",
	.options =
		(const struct ctl_option[]){
			{.name = "replace", .help = "keep no snapshot of what there is now", CTL_FLAG(replace)},
			CTL_OPTION_YES,
			{.name = NULL},
		},
	.examples = (const char *const[]){"carrelctl home alice restore before-upgrade", NULL},
	.least = 1,
	.most = 1,
	.looks_at_rooms = true,
	.run = run_restore,
};

const struct ctl_command ctl_home_drop_action = {
	.name = "drop",
	.usage = "NAME",
	.summary = "forget a snapshot",
	.options = (const struct ctl_option[]){CTL_OPTION_YES, {.name = NULL}},
	.examples = (const char *const[]){"carrelctl home alice drop before-upgrade", NULL},
	.least = 1,
	.most = 1,
	.looks_at_rooms = true,
	.run = run_drop,
};
