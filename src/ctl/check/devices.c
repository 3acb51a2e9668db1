// SPDX-License-Identifier: Apache-2.0
/* See devices.h. */
#include "ctl/check/devices.h"

#include <fcntl.h>
#include <stdio.h>

#include "apply/mounts/host_devices.h"
#include "base/scope.h"
#include "policy/policy.h"

struct device_check {
	const char *key;
	const char *entry;
	ctl_say_device *say;
	void *arg;
	size_t given;
};

/* A pattern does not bring it in: it was named. */
static int judge(void *arg, const struct crl_device_found *f)
{
	struct device_check *d = arg;
	char text[400];

	d->given += !f->why_not;
	if (f->why_not || !f->peril)
		return 0;
	(void)snprintf(text, sizeof(text), "gives %.200s: %s", f->path, f->peril);
	d->say(d->arg, CTL_WARNING, d->key, "take it out, unless that is meant", text);
	return 0;
}

static void check_list(const struct crl_strv *list, struct device_check d)
{
	scoped_fd dev = list->len ? open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	char text[400];

	for (size_t i = 0; dev >= 0 && i < list->len; i++) {
		d.entry = list->item[i];
		d.given = 0;
		if (crl_find_devices(dev, d.entry, judge, &d) < 0 || d.given > 0)
			continue;
		(void)snprintf(text, sizeof(text), "names %.200s, and this host gives no such device now", d.entry);
		d.say(d.arg, CTL_NOTE, d.key, "nothing, if it comes later, or is another host's", text);
	}
}

void ctl_check_devices(const struct crl_policy *p, ctl_say_device *say, void *arg)
{
	check_list(&p->devices, (struct device_check){.key = "root.devices", .say = say, .arg = arg});
	check_list(&p->devices_required, (struct device_check){.key = "root.devices_required", .say = say, .arg = arg});
}
