// SPDX-License-Identifier: Apache-2.0
/*
 * Named groups of system calls, read from data_dir/syscalls.conf.
 *
 * Runs in: helper (only when a filter is not in the cache), carrelctl.
 */
#pragma once

#include "base/err.h"
#include "policy/policy.h"

/* What a denied call answers; a group's `answer`. */
enum crl_answer { CRL_ANSWER_ALLOW, CRL_ANSWER_EPERM, CRL_ANSWER_ENOSYS };

struct crl_sysgroup {
	char *name; /* with its "@" */
	enum crl_answer answer; /* what its calls answer where they are not allowed */
	struct crl_strv calls; /* names and @groups */
};

struct crl_sysgroups {
	struct crl_sysgroup *item;
	size_t len;
};

/*
 * Read the groups. The file is held to the same rules as the configuration.
 * Errors (stage CONFIG, file and line) as crl_config_load(); a group that names an unknown group is -EINVAL.
 */
int crl_sysgroups_load(const char *path, struct crl_sysgroups *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_sysgroups_done(struct crl_sysgroups *g);

/* The group of that name ("@login"), or NULL. */
const struct crl_sysgroup *crl_sysgroups_find(const struct crl_sysgroups *g, const char *name);
