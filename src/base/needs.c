// SPDX-License-Identifier: Apache-2.0
/* See needs.h. */
#include "base/needs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/compat.h"

#define NOTHING (-1L) /* no descriptor, no process, no such flag */

/*
 * In the order in which kernels got them, the last ones first: the one that is told is the one that needs the newest.
 * Arguments: a descriptor that is none, flags that do not exist, a range that ends before it begins.
 */
static const struct {
	const char *name;
	const char *since;
	long number;
	long argument[5];
} needed[] = {
	{"mount_setattr", "5.12", SYS_mount_setattr, {NOTHING, 0, NOTHING, 0, 0}},
	{"close_range", "5.9", SYS_close_range, {2, 1, 0}},
	{"pidfd_open", "5.3", SYS_pidfd_open, {NOTHING, 0}},
	{"clone3", "5.3", SYS_clone3, {0, 0}}, /* no arguments, of no size */
	{"open_tree", "5.2", SYS_open_tree, {NOTHING, 0, NOTHING}},
	{"move_mount", "5.2", SYS_move_mount, {NOTHING, 0, NOTHING, 0, NOTHING}},
	{"fsopen", "5.2", SYS_fsopen, {0, NOTHING}},
	{"fsconfig", "5.2", SYS_fsconfig, {NOTHING, NOTHING, 0, 0, 0}},
	{"fsmount", "5.2", SYS_fsmount, {NOTHING, NOTHING, 0}},
	{"pidfd_send_signal", "5.1", SYS_pidfd_send_signal, {NOTHING, 0, 0, NOTHING}},
};

const char *crl_kernel_release(void)
{
	static struct utsname u;

	return u.release[0] || uname(&u) == 0 ? u.release : "?";
}

bool crl_kernel_lacks(char *buf, size_t size)
{
	int saved_errno = errno;
	bool lacks = false;

	for (size_t i = 0; i < CRL_ARRAY_LEN(needed) && !lacks; i++) {
		const long *a = needed[i].argument;

		lacks = syscall(needed[i].number, a[0], a[1], a[2], a[3], a[4]) < 0 && errno == ENOSYS;
		if (lacks)
			(void)snprintf(buf, size,
				       "Linux %.40s has no %s(2), which came with %s: carrel needs " CRL_KERNEL_LEAST,
				       crl_kernel_release(), needed[i].name, needed[i].since);
	}
	errno = saved_errno;
	return lacks;
}

bool crl_kernel_is_old(char *ret_release, size_t size)
{
	const char *release = crl_kernel_release();
	char *rest;
	unsigned long major, minor;

	(void)snprintf(ret_release, size, "%s", release);
	major = strtoul(release, &rest, 10);
	minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
	return release[0] != '?' && (major < 5 || (major == 5 && minor < 14));
}

void crl_err_add_kernel(struct crl_err *err)
{
	char why[160];
	size_t len;

	if (!err || (err->code != ENOSYS && err->code != EINVAL && err->code != EOPNOTSUPP && err->code != E2BIG))
		return;
	if (!crl_kernel_lacks(why, sizeof(why)) || strstr(err->text, why))
		return;
	len = strlen(err->text);
	(void)snprintf(err->text + len, sizeof(err->text) - len, "; %s", why);
}
