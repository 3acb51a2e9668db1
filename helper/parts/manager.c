// SPDX-License-Identifier: Apache-2.0
/* See manager.h. */
#include "helper/parts/manager.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "apply/limits/cgroup.h"
#include "base/scope.h"
#include "helper/job.h"
#include "helper/parts/ask_systemd.h"
#include "policy/file/load.h"

/* Of a host with cgroup v1, or both, systemd has no slice whose limits could be set. */
static bool is_unified(void)
{
	scoped_fd root = -EBADF;

	return crl_cgroup_open_root("/sys/fs/cgroup", &root, NULL, NULL) == 0;
}

const struct crl_manager *crl_manager_of(const struct crl_job *job)
{
	char path[PATH_MAX];

	switch (crl_config_cgroup_manager(job->config)) {
	case CRL_MANAGER_SYSTEMD:
		return &crl_manager_systemd;
	case CRL_MANAGER_CGROUPFS:
		return &crl_manager_cgroupfs;
	case CRL_MANAGER_AUTO:
		break;
	}
	/* As sd_booted(3) does. A configured root says that somebody wants the files. */
	if (is_unified() && crl_config_cgroup_root(job->config)[0] == '\0' &&
	    access("/run/systemd/system", F_OK) == 0 && crl_systemd_bus_path(path, sizeof(path)) == 0)
		return &crl_manager_systemd;
	return &crl_manager_cgroupfs;
}
