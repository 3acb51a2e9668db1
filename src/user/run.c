// SPDX-License-Identifier: Apache-2.0
/*
 * See run.h.
 *
 * R1: the program is not started unless the filter is in force.
 */
#include "user/run.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/parse.h"
#include "base/scope.h"
#include "plan/filter/filter.h"
#include "policy/file/profile.h"
#include "policy/filter/sysgroups.h"
#include "policy/policy.h"
#include "user/home.h"
#include "wire/proto.h"

#define CANNOT_RUN 126 /* as env(1) and its kind have it */
#define NOT_FOUND 127

static int fail(const struct crl_err *err)
{
	char text[4 * CRL_ERR_TEXT_MAX];

	crl_err_show(err, text, sizeof(text));
	if (err->file[0])
		(void)fprintf(stderr, "carrel run: %s:%d: %s\n", err->file, err->line, text);
	else
		(void)fprintf(stderr, "carrel run: %s\n", text);
	return CANNOT_RUN;
}

static int compile(const char *name, struct crl_filter *ret, struct crl_err *err)
{
	scoped(crl_sysgroups) groups = {0};
	scoped(crl_policy) policy = {0};
	char path[CRL_PROFILE_PATH_MAX];
	int rc = crl_profile_load(name, &policy, path, err);

	if (rc == 0)
		rc = crl_sysgroups_load(path, &groups, err);
	if (rc == 0)
		rc = crl_filter_compile(&policy.seccomp, &groups, &(const struct crl_filter_room){.setns_flags = 0},
					ret, err);
	return rc;
}

/* R1 */
static int put_in_force(const struct crl_filter *f, struct crl_err *err)
{
	const struct sock_fprog program = {.len = (unsigned short)f->len, .filter = crl_unconst(f->insn)};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot set no_new_privs: %s", strerror(errno));
	if (f->len == 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "cannot load the filter: %s", strerror(errno));
	return 0;
}

int crl_user_run(char *const *argv)
{
	const char *name = argv[0] ? argv[0] : "";
	char *const *command = name[0] ? argv + 1 : argv;
	static struct crl_filter filter;
	struct crl_err err = {0};

	if (command[0] && strcmp(command[0], "--") == 0)
		command++;
	if (!command[0] || !crl_name_is_valid(name, CRL_POLICY_NAME_MAX)) {
		(void)fputs("carrel run PROFILE -- COMMAND: a profile's name and a command are wanted\n", stderr);
		return CRL_USER_USAGE;
	}
	if (compile(name, &filter, &err) < 0 || put_in_force(&filter, &err) < 0)
		return fail(&err);
	(void)execvp(command[0], command);
	(void)fprintf(stderr, "carrel run: %s: %s\n", command[0], strerror(errno));
	return errno == ENOENT ? NOT_FOUND : CANNOT_RUN;
}
