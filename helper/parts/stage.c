// SPDX-License-Identifier: Apache-2.0
/*
 * What the room has to have for the last stage of a login (src/plan/mounts/last.c): the filters of shell.seccomp and
 * seccomp.profiles, compiled or from the cache, the launcher of ambient capabilities, the place of carrel-shell, and
 * whom users can ask.
 *
 * Runs in: helper (root, host namespaces). It is a fact that the plan of the mounts is made from, so it is found before
 * anything of the room is: what cannot be compiled refuses the login.
 */
#include "helper/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/path.h"
#include "helper/job.h"
#include "helper/obtain.h"
#include "helper/process/beside.h"
#include "plan/filter/filter.h"
#include "plan/mounts/plan.h"
#include "policy/policy.h"

#define LAUNCHER_MAX (4 << 20) /* bytes */

/* As many bytes as there are. */
static int copy_filter(const struct crl_filter *filter, void **ret, size_t *ret_size, struct crl_err *err)
{
	size_t size = filter->len * sizeof(filter->insn[0]);

	if (size == 0)
		return 0;
	*ret = malloc(size);
	if (!*ret)
		return crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "out of memory");
	memcpy(*ret, filter->insn, size);
	*ret_size = size;
	return 0;
}

static int take_profiles(const struct crl_job *job, struct crl_filter *filter, struct crl_host *host,
			 struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < p->profiles_len && p->need[CRL_FEATURE_SECCOMP] != CRL_NEED_OFF; i++) {
		struct crl_host_filter *to = &host->profile_filters[i];

		rc = crl_obtain_profile(job, p->profiles[i].profile, filter, err);
		if (rc == 0)
			rc = copy_filter(filter, &to->insn, &to->size, err);
	}
	return rc;
}

static int take_filters(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	scoped_free struct crl_filter *filter = malloc(sizeof(*filter));
	int rc = filter ? crl_obtain_shell_filter(job, filter, err)
			: crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "out of memory");

	if (rc == 0)
		rc = copy_filter(filter, &host->shell_filter, &host->shell_filter_size, err);
	return rc < 0 ? rc : take_profiles(job, filter, host, err);
}

/* Without it a login by carrel-shell fails, and any other goes on. */
static int find_program(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	struct crl_err why = {0};
	scoped_fd fd = -EBADF;

	if (job->policy.root_mode != CRL_ROOT_IMAGE)
		return 0;
	if (crl_path_open_trusted(CRL_SHELL_PATH, CRL_PATH_PROGRAM, CRL_STAGE_MOUNT, &fd, &why) < 0) {
		crl_log(LOG_WARNING, "id=%s: the image gets no carrel-shell: %s", job->id, why.text);
		return 0;
	}
	host->shell_program = strdup(CRL_SHELL_PATH);
	return host->shell_program ? 0 : crl_err_set(err, ENOMEM, CRL_STAGE_MOUNT, "out of memory");
}

/* Whole, since the room has one of its own; decide.c has asked whether there can be any. */
static int find_launcher(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	scoped_free char *program = NULL;
	char path[PATH_MAX];
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc = job->policy.cap_ambient ? crl_beside(CRL_LAUNCHER_PROGRAM, path, sizeof(path)) : 0;

	if (!job->policy.cap_ambient)
		return 0;
	if (rc == 0)
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > LAUNCHER_MAX)
		return crl_err_set(err, EIO, CRL_STAGE_CAPS, "cannot open " CRL_LAUNCHER_PROGRAM ", or it is none");
	program = malloc((size_t)st.st_size);
	if (!program)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CAPS, "out of memory");
	if (pread(fd, program, (size_t)st.st_size, 0) != st.st_size)
		return crl_err_set(err, EIO, CRL_STAGE_CAPS, "cannot read %s", path);
	host->launcher = take_ptr(program);
	host->launcher_size = (size_t)st.st_size;
	return 0;
}

static int look(const struct crl_job *job, struct crl_host *host, struct crl_err *err)
{
	int rc;

	(void)snprintf(host->contact, sizeof(host->contact), "%s", crl_job_contact(job));
	host->language = crl_job_language(job);
	if (!(job->policy.namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) || !crl_policy_has_last_stage(&job->policy))
		return 0;
	rc = take_filters(job, host, err);
	if (rc == 0)
		rc = find_launcher(job, host, err);
	return rc < 0 ? rc : find_program(job, host, err);
}

const struct crl_part crl_part_stage = {
	.name = "stage",
	.look = look,
	.leaves = CRL_LEAVES_NOTHING,
};
