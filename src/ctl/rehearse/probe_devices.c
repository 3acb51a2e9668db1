// SPDX-License-Identifier: Apache-2.0
/* See probe_devices.h. No device is opened: to open one may do something. */
#include "ctl/rehearse/probe_devices.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/mounts/host_devices.h"
#include "base/dir.h"
#include "ctl/rehearse/probe.h"
#include "plan/mounts/plan.h"
#include "policy/devices.h"
#include "policy/policy.h"

struct seen {
	char list[CTL_DETAIL_MAX / 2]; /* "/dev/fuse rw, /dev/dri/card0", as far as it fits */
	size_t devices;
};

static void note(struct seen *s, int dir, const char *above, const char *name)
{
	size_t len = strlen(s->list);

	s->devices++;
	(void)snprintf(s->list + len, sizeof(s->list) - len, "%s/dev/%s%s %s%s", len ? ", " : "", above, name,
		       faccessat(dir, name, R_OK, 0) == 0 ? "r" : "-", faccessat(dir, name, W_OK, 0) == 0 ? "w" : "-");
}

/* @above  "" or "dri/" */
static void look(struct seen *s, int at, const char *path, const char *above)
{
	scoped(crl_dir) dir = {0};
	struct stat st;

	crl_ignore(crl_dir_open(at, path, &dir) < 0); /* what cannot be read has nothing to show */
	for (const char *name; (name = crl_dir_next(&dir));) {
		if (!*above && crl_devices_is_own(name))
			continue;
		if (fstatat(crl_dir_fd(&dir), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
			note(s, crl_dir_fd(&dir), above, name);
		} else if (S_ISDIR(st.st_mode) && !*above) {
			char below[NAME_MAX + 2];

			(void)snprintf(below, sizeof(below), "%s/", name);
			look(s, crl_dir_fd(&dir), name, below);
		}
	}
}

enum ctl_answer ctl_try_devices(const struct ctl_scene *scene, char *detail)
{
	struct seen s = {.devices = 0};

	(void)scene;
	look(&s, AT_FDCWD, "/dev", "");
	return s.devices ? ctl_probe_say(CTL_PROBE_YES, detail, "%zu: %s", s.devices, s.list)
			 : ctl_probe_say(CTL_PROBE_NO, detail, "none of the host's");
}

enum ctl_answer ctl_see_devices(const struct ctl_scene *scene, char *detail)
{
	enum ctl_answer answer = ctl_try_devices(scene, detail);

	return answer == CTL_PROBE_YES
		       ? answer
		       : ctl_probe_say(answer, detail, "none beyond null, zero, random, tty and the like");
}

bool ctl_names_devices(const struct crl_policy *p)
{
	return p->devices.len > 0 || p->devices_required.len > 0;
}

bool ctl_gives_devices(const struct crl_policy *p, const struct ctl_person *who)
{
	scoped(crl_host) host = {0};

	(void)who;
	return crl_find_host_devices(p, &host, NULL) == 0 && host.devices_len > 0;
}
