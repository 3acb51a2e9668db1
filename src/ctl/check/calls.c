// SPDX-License-Identifier: Apache-2.0
/* See calls.h. */
#include "ctl/check/calls.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/host/kernelcalls.h"
#include "plan/filter/drift.h"
#include "policy/file/load.h"
#include "policy/filter/sysgroups.h"

#define KALLSYMS "/proc/kallsyms"

/* "a, b, c", and how many more there are. */
static void list(const struct crl_strv *v, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < v->len; i++) {
		int n = snprintf(buf + len, size - len, "%s%s", i > 0 ? ", " : "", v->item[i]);

		if (n < 0 || len + (size_t)n + sizeof(", and 9999 more") > size) {
			(void)snprintf(buf + len, size - len, ", and %zu more", v->len - i);
			return;
		}
		len += (size_t)n;
	}
}

static void say(struct ctl_findings *f, const char *path, const struct crl_drift *d)
{
	char names[400];

	list(&d->kernel, names, sizeof(names));
	if (d->kernel.len > 0)
		ctl_find(f, CTL_NOTE, path, 0, "nothing; seccomp.allow takes their names where libseccomp knows them",
			 "calls of this kernel in no group: %s: they answer ENOSYS", names);
	list(&d->library, names, sizeof(names));
	if (d->library.len > 0)
		ctl_find(f, CTL_NOTE, path, 0, "nothing, or seccomp.allow",
			 "calls that libseccomp knows, in no group: %s: they answer ENOSYS", names);
	list(&d->numbered, names, sizeof(names));
	if (d->numbered.len > 0)
		ctl_find(f, CTL_NOTE, path, 0, "nothing: filters go by their numbers",
			 "calls of the groups that this libseccomp does not know: %s", names);
}

void ctl_check_calls(struct ctl_findings *f, const struct crl_config *config)
{
	scoped(crl_sysgroups) groups = {0};
	scoped(crl_drift) drift = {0};
	struct crl_strv kernel = {0};
	struct utsname host;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/syscalls.conf", crl_config_data_dir(config));
	if (crl_sysgroups_load(path, &groups, NULL) < 0) /* told with the first policy that has a filter */
		return;
	if (ctl_kernel_calls(KALLSYMS, &kernel) == -ENODATA && uname(&host) == 0 && crl_drift_is_younger(host.release))
		ctl_find(f, CTL_NOTE, path, 0, "a newer carrel",
			 "this is Linux %s, and the groups are made for " CRL_DRIFT_LINUX
			 ": what calls are new in it is not known, and they answer ENOSYS",
			 host.release);
	if (crl_drift_find(&groups, &kernel, &drift) == 0)
		say(f, path, &drift);
	crl_strv_done(&kernel);
}
