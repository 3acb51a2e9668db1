// SPDX-License-Identifier: Apache-2.0
/*
 * A room in a network namespace that the administrator made (network.mode = "join"), and the files of /etc that
 * /etc/netns has for it, which the room shows as binds: what "ip netns exec" shows.
 *
 * Runs in: helper (root, host namespaces).
 * R1: what was joined at a room's birth is compared with what has that name when another login comes into it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apply/net/netns.h"
#include "apply/net/netns_files.h"
#include "helper/job.h"
#include "helper/parts/network.h"

static int no_memory(struct crl_err *err)
{
	return crl_err_set(err, ENOMEM, CRL_STAGE_NAMESPACE, "no memory for the files of the room's network");
}

static int add_bind(void *arg, const char *source, const char *target, struct crl_err *err)
{
	struct crl_policy *p = arg;
	struct crl_bind *grown = reallocarray(p->bind, p->bind_len + 1, sizeof(*grown));

	if (!grown)
		return no_memory(err);
	p->bind = grown;
	grown[p->bind_len++] = (struct crl_bind){.source = strdup(source), .target = strdup(target), .optional = true};
	return grown[p->bind_len - 1].source && grown[p->bind_len - 1].target ? 0 : no_memory(err);
}

int crl_network_join(struct crl_job *job, struct crl_err *err)
{
	int rc = crl_netns_open(job->policy.net_path, &job->network.joined, err);

	return rc < 0 ? rc : crl_netns_files(&job->policy, add_bind, &job->policy, err);
}

/* R1 */
int crl_network_check_joined(const struct crl_job *job, pid_t init, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	struct stat now, then;
	char path[40];
	int rc;

	if (job->policy.net_mode != CRL_NET_JOIN)
		return 0;
	rc = crl_netns_open(job->policy.net_path, &fd, err);
	if (rc == -ENOENT) /* which to who joins would mean that there is no room */
		return crl_err_set(err, ESTALE, CRL_STAGE_NAMESPACE,
				   "%s: found nothing, expected the network namespace that the room is in",
				   job->policy.net_path);
	if (rc < 0)
		return rc;
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)init); /* fits */
	if (fstat(fd, &now) < 0 || stat(path, &then) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot look at the room's network namespace");
	if (now.st_dev != then.st_dev || now.st_ino != then.st_ino)
		return crl_err_set(
			err, ESTALE, CRL_STAGE_NAMESPACE,
			"%s: found another network namespace than the room is in, which was deleted; the room "
			"goes on without new logins, and carrelctl kill ends it",
			job->policy.net_path);
	return 0;
}
