// SPDX-License-Identifier: Apache-2.0
/*
 * Limits of users' slices as files of systemd's say them: user-.slice and user-UID.slice.
 *
 * Runs in: carrelctl. Source: systemd.unit(5), systemd.resource-control(5); drop-ins of all directories count in the
 * order of their names, and of one name that of the first directory.
 */
#pragma once

#include <stdbool.h>

/* One of systemd's properties that a key of carrel's says as well. */
enum ctl_slice_property {
	CTL_SLICE_CPU,
	CTL_SLICE_WEIGHT,
	CTL_SLICE_MEMORY,
	CTL_SLICE_HIGH,
	CTL_SLICE_SWAP,
	CTL_SLICE_TASKS,
	CTL_SLICE_READ,
	CTL_SLICE_WRITE,
	CTL_SLICE_READ_IOPS,
	CTL_SLICE_WRITE_IOPS,
	CTL_SLICE_COUNT
};

struct ctl_slice_limit {
	enum ctl_slice_property property;
	const char *key; /* of carrel's */
	const char *text; /* as it stands there: NAME=VALUE */
	const char *path; /* without the root */
	int line;
	bool wins; /* once systemd has read its files again, it counts and not what carrel has set */
	bool shipped; /* by a package, not by the administrator */
};

typedef void ctl_each_slice_limit(void *arg, const struct ctl_slice_limit *limit);

/* Call @each for every one. @root  "" or a fixture's directory */
void ctl_slice_limits_each(const char *root, ctl_each_slice_limit *each, void *arg);
