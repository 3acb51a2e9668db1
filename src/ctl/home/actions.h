// SPDX-License-Identifier: Apache-2.0
/* What carrelctl home USER and carrelctl root USER can do. Each action stands in its own file. */
#pragma once

#include "ctl/command.h"

/* Of those that ask before they throw something away. */
#define CTL_OPTION_YES \
	{ \
		.name = "yes", .help = "do not ask", CTL_FLAG(yes) \
	}

struct ctl_kept;

/*
 * Before what an interrupted commit was about is thrown away: what it has left in the real home by names of its own is
 * removed. What is wrong has been said.
 */
enum ctl_exit ctl_home_commit_clean(const struct ctl *c, struct ctl_kept *k);

extern const struct ctl_command ctl_home_diff_action;
extern const struct ctl_command ctl_home_commit_action;
extern const struct ctl_command ctl_home_discard_action;
extern const struct ctl_command ctl_home_snapshot_action;
extern const struct ctl_command ctl_home_snapshots_action;
extern const struct ctl_command ctl_home_restore_action;
extern const struct ctl_command ctl_home_drop_action;
extern const struct ctl_command ctl_home_export_action;
extern const struct ctl_command ctl_home_import_action;
extern const struct ctl_command ctl_home_usage_action;
extern const struct ctl_command ctl_home_resize_action;
extern const struct ctl_command ctl_home_gc_action;
