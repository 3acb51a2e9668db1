// SPDX-License-Identifier: Apache-2.0
/* See slicefiles.h. */
#include "ctl/host/slicefiles.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"
#include "ctl/host/lines.h"

#define CONTROL "/etc/systemd/system.control" /* what "systemctl set-property" writes */

static const struct {
	const char *path;
	bool shipped;
} dirs[] = {
	{CONTROL, false},
	{"/etc/systemd/system", false},
	{"/run/systemd/system", false},
	{"/usr/local/lib/systemd/system", true},
	{"/usr/lib/systemd/system", true},
};

static const char *const units[] = {"user-.slice.d", "user-[0-9]*.slice.d"};

static const struct {
	const char *name;
	const char *key;
} properties[CTL_SLICE_COUNT] = {
	[CTL_SLICE_CPU] = {"CPUQuota", "limits.cpu"},
	[CTL_SLICE_WEIGHT] = {"CPUWeight", "limits.cpu_weight"},
	[CTL_SLICE_MEMORY] = {"MemoryMax", "limits.memory"},
	[CTL_SLICE_HIGH] = {"MemoryHigh", "limits.memory_high"},
	[CTL_SLICE_SWAP] = {"MemorySwapMax", "limits.swap"},
	[CTL_SLICE_TASKS] = {"TasksMax", "limits.tasks"},
	[CTL_SLICE_READ] = {"IOReadBandwidthMax", "limits.io.read"},
	[CTL_SLICE_WRITE] = {"IOWriteBandwidthMax", "limits.io.write"},
	[CTL_SLICE_READ_IOPS] = {"IOReadIOPSMax", "limits.io.read_iops"},
	[CTL_SLICE_WRITE_IOPS] = {"IOWriteIOPSMax", "limits.io.write_iops"},
};

struct slice_look {
	const char *root;
	size_t dir;
	bool in_slice; /* the section is [Slice] */
	ctl_each_slice_limit *each;
	void *arg;
};

/* Does the file come behind the drop-in that systemd keeps for what carrel sets? */
static bool comes_behind(const struct slice_look *l, const char *path, const char *property)
{
	const char *slash = strrchr(path, '/');
	char ours[64];
	int order;

	(void)snprintf(ours, sizeof(ours), "50-%s.conf", property);
	order = strcmp(slash ? slash + 1 : path, ours);
	return order > 0 || (order == 0 && strcmp(dirs[l->dir].path, CONTROL) == 0);
}

static void take_line(void *arg, const struct ctl_line *line)
{
	struct slice_look *l = arg;
	size_t len = strcspn(line->text, "= \t");
	const char *value = strchr(line->text, '=');
	struct ctl_slice_limit found = {.text = line->text, .path = line->path + strlen(l->root), .line = line->number};

	if (line->number == 1)
		l->in_slice = false;
	if (line->text[0] == '[')
		l->in_slice = strcmp(line->text, "[Slice]") == 0;
	if (!l->in_slice || !value || !value[1 + strspn(value + 1, " \t")])
		return;
	for (size_t i = 0; i < CTL_SLICE_COUNT; i++) {
		if (strlen(properties[i].name) != len || strncmp(properties[i].name, line->text, len) != 0)
			continue;
		found.property = (enum ctl_slice_property)i;
		found.key = properties[i].key;
		found.wins = comes_behind(l, line->path, properties[i].name);
		found.shipped = dirs[l->dir].shipped;
		l->each(l->arg, &found);
	}
}

void ctl_slice_limits_each(const char *root, ctl_each_slice_limit *each, void *arg)
{
	struct slice_look l = {.root = root, .each = each, .arg = arg};

	for (l.dir = 0; l.dir < CRL_ARRAY_LEN(dirs); l.dir++)
		for (size_t i = 0; i < CRL_ARRAY_LEN(units); i++) {
			char pattern[PATH_MAX];
			glob_t found = {0};

			(void)snprintf(pattern, sizeof(pattern), "%s%s/%s", root, dirs[l.dir].path, units[i]);
			if (glob(pattern, 0, NULL, &found) == 0)
				for (size_t k = 0; k < found.gl_pathc; k++) {
					l.in_slice = false;
					ctl_lines_of_dir(found.gl_pathv[k], take_line, &l);
				}
			globfree(&found);
		}
}
