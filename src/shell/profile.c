// SPDX-License-Identifier: Apache-2.0
/*
 * See profile.h.
 *
 * Runs in: carrel-shell, as the user. Trusts: the stage file and the filters, which were proved.
 * R1: a program that has a profile is not executed unless its filter is in force.
 */
#include "shell/profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/scope.h"

void crl_shell_profiles_done(struct crl_shell_profiles *p)
{
	free(p->filter);
	*p = (struct crl_shell_profiles){.chosen = -1};
}

int crl_shell_profiles_read(int root, const struct crl_last *last, struct crl_shell_profiles *ret, struct crl_err *err)
{
	int rc = 0;

	*ret = (struct crl_shell_profiles){.last = last, .chosen = -1};
	if (!last->profiles)
		return 0;
	ret->filter = calloc(last->profiles, sizeof(*ret->filter));
	if (!ret->filter)
		return crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "out of memory");
	for (size_t i = 0; rc == 0 && i < last->profiles; i++)
		rc = crl_shell_filter_read(root, last->profile[i].filter, &ret->filter[i], err);
	return rc;
}

static bool is_same(const char *a, const char *b)
{
	struct stat one, other;

	return strcmp(a, b) == 0 ||
	       (stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

void crl_shell_profiles_choose(struct crl_shell_profiles *p, const char *program)
{
	for (size_t i = 0; p->chosen < 0 && p->filter && i < p->last->profiles; i++)
		if (is_same(p->last->profile[i].program, program))
			p->chosen = (ssize_t)i;
}

int crl_shell_profiles_load(struct crl_shell_profiles *p, struct crl_err *err)
{
	struct crl_shell_filter *f = p->chosen < 0 ? NULL : &p->filter[p->chosen];
	const char *what;

	if (!f)
		return 0;
	what = p->last->profile[p->chosen].program;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot set no_new_privs: %s", strerrordesc_np(errno));
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
		    &(const struct sock_fprog){.len = f->len, .filter = f->insn}) < 0) /* R1 */
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot load the filter of the profile of %s: %s",
				   what, strerrordesc_np(errno));
	return 0;
}
