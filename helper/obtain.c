// SPDX-License-Identifier: Apache-2.0
/* See obtain.h. */
#include "helper/obtain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "base/err.h"
#include "base/log.h"
#include "helper/job.h"
#include "helper/parts.h"
#include "helper/sweep.h"
#include "plan/filter/filter.h"
#include "plan/filter/nest.h"
#include "plan/filter/set.h"
#include "policy/file/load.h"
#include "policy/file/profile.h"
#include "policy/filter/sysgroups.h"
#include "policy/policy.h"
#include "state/filter_cache.h"

static int groups_path(const struct crl_job *job, char *path, size_t size, struct crl_err *err)
{
	int rc = snprintf(path, size, "%s/syscalls.conf", crl_config_data_dir(job->config));

	return rc < 0 || (size_t)rc >= size ? crl_err_set(err, ENAMETOOLONG, CRL_STAGE_FILTER, "data_dir is too long")
					    : 0;
}

static bool has_filter(const struct crl_job *job)
{
	return job->policy.seccomp.base[0] && job->policy.need[CRL_FEATURE_SECCOMP] != CRL_NEED_OFF;
}

static int build_set(const struct crl_job *job, const struct crl_seccomp *wish, struct crl_callset *ret,
		     struct crl_err *err)
{
	scoped(crl_sysgroups) groups = {0};
	char path[512];
	int rc = groups_path(job, path, sizeof(path), err);

	if (rc == 0)
		rc = crl_sysgroups_load(path, &groups, err);
	return rc < 0 ? rc : crl_callset_build(wish, &groups, ret, err);
}

int crl_obtain_core(const struct crl_job *job, struct crl_callset *ret, struct crl_err *err)
{
	const struct crl_seccomp wish = {.base = "@core"};

	return build_set(job, &wish, ret, err);
}

int crl_obtain_nest(const struct crl_job *job, bool *ret, struct crl_err *err)
{
	scoped_free struct crl_callset *set = NULL;
	scoped(crl_sysgroups) groups = {0};
	int rc;

	*ret = !has_filter(job);
	if (*ret || !crl_filter_may_nest(&job->policy.seccomp))
		return 0;
	set = malloc(sizeof(*set));
	if (!set)
		return crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "out of memory");
	rc = build_set(job, &job->policy.seccomp, set, err);
	*ret = rc == 0 && crl_callset_lets_nest(set);
	return rc;
}

static int compile_filter(const struct crl_filter_source *from, struct crl_filter *ret, struct crl_err *err)
{
	scoped(crl_sysgroups) groups = {0};
	int rc = crl_sysgroups_load(from->groups_path, &groups, err);

	return rc < 0 ? rc : crl_filter_compile(from->wishes, &groups, &from->room, ret, err);
}

/* @name  of its entry in the cache */
static int obtain(const struct crl_job *job, const struct crl_filter_source *from, struct crl_filter *ret,
		  char name[CRL_FILTER_NAME_MAX], struct crl_err *err)
{
	struct crl_err cache_err = {0};
	char key[CRL_FILTER_KEY_MAX];
	int rc = crl_filter_key(from, key, sizeof(key), err);

	if (rc < 0)
		return rc;
	crl_filter_cache_name(key, name);
	if (crl_filter_cache_get(job->state.cache, key, ret) == 0)
		return 0;
	rc = compile_filter(from, ret, err);
	if (rc < 0)
		return rc;
	if (crl_filter_cache_put(job->state.cache, key, ret, &cache_err) < 0)
		crl_log(LOG_WARNING, "id=%s: filter not cached: %s", job->id, cache_err.text);
	return 0;
}

int crl_obtain_filter(struct crl_job *job, struct crl_err *err)
{
	static const struct crl_seccomp none; /* features.seccomp = "off" counts for the policy's own */
	char path[512];
	const struct crl_filter_source from = {
		.wishes = has_filter(job) ? &job->policy.seccomp : &none,
		.groups_path = path,
		.room = {.setns_flags = crl_ns_clone_flags(job->policy.namespaces),
			 .holds_projects = job->holds_projects},
	};
	int rc;

	job->filter->len = 0;
	if (!has_filter(job) && !job->holds_projects)
		return 0;
	rc = groups_path(job, path, sizeof(path), err);
	return rc < 0 ? rc : obtain(job, &from, job->filter, job->filter_name, err);
}

int crl_obtain_shell_filter(const struct crl_job *job, struct crl_filter *ret, struct crl_err *err)
{
	char path[512], name[CRL_FILTER_NAME_MAX];
	const struct crl_filter_source from = {.wishes = &job->policy.shell_seccomp, .groups_path = path};
	int rc;

	ret->len = 0;
	if (!job->policy.shell_seccomp.base[0] || job->policy.need[CRL_FEATURE_SECCOMP] == CRL_NEED_OFF)
		return 0;
	rc = groups_path(job, path, sizeof(path), err);
	return rc < 0 ? rc : obtain(job, &from, ret, name, err);
}

int crl_obtain_profile(const struct crl_job *job, const char *profile, struct crl_filter *ret, struct crl_err *err)
{
	scoped(crl_policy) policy = {0};
	char path[CRL_PROFILE_PATH_MAX], name[CRL_FILTER_NAME_MAX];
	const struct crl_filter_source from = {.wishes = &policy.seccomp, .groups_path = path};
	int rc = crl_profile_load(profile, &policy, path, err);

	if (rc == 0)
		rc = obtain(job, &from, ret, name, err);
	return rc < 0 ? crl_err_wrap(err, rc, CRL_STAGE_FILTER, "seccomp.profiles: %s", profile) : 0;
}

static int equip(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		 struct crl_err *err)
{
	(void)room;
	(void)mounts;
	(void)init;
	return crl_obtain_filter(job, err);
}

static int sweep(struct crl_sweeping *s, struct crl_err *err)
{
	(void)err;
	crl_filter_cache_sweep(s->state.cache);
	return 0;
}

const struct crl_part crl_part_filter = {
	.name = "filter",
	.equip = equip,
	.undo_not = "what is in the cache is as right for the next login",
	.end_not = "it goes with the processes that have it",
	.leaves = "STATE/cache",
	.sweep = sweep,
};
