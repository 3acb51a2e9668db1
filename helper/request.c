// SPDX-License-Identifier: Apache-2.0
/*
 * The request: who asks, and is it who the kernel says.
 *
 * Runs in: helper (root). Trusts: SO_PEERCRED and the pidfd, not what the record says of itself.
 * R1: the peer is root. R2: the pidfd is the peer's. R3: root is never put into a room. R4: a helper without power says
 * so, and nothing is begun.
 */
#include "helper/request.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/err.h"
#include "base/pidfd.h"
#include "helper/job.h"
#include "wire/fdpass.h"
#include "wire/login.h"
#include "wire/phases.h"

/* R4: what it is that the caller's unit, or a room that the caller had before, has left out of the bounding set. */
static int check_power(struct crl_err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot read the capabilities");
	if (data[0].effective & 1u << CAP_SYS_ADMIN)
		return 0;
	return crl_err_set(
		err, EPERM, CRL_STAGE_CALLER,
		"the application's bounding set has no CAP_SYS_ADMIN, so its helper can make no room: its unit "
		"leaves it out (CapabilityBoundingSet=), or the process had a room before");
}

int crl_request_receive(struct crl_job *job, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	int rc;

	if (getsockopt(job->channel, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return crl_err_set(err, errno, CRL_STAGE_REQUEST, "descriptor %d is not the module's socket",
				   job->channel);
	if (peer.uid != 0) /* R1 */
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST, "asked by uid %" PRIu32 ", not by root", peer.uid);
	rc = crl_msg_recv(job->channel, &crl_phases[CRL_PHASE_REQUEST], &job->login, sizeof(job->login),
			  job->deadline_ms, &got);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_REQUEST, "no valid request came");
	job->app_pidfd = take_fd(&got.fds[0]);
	rc = crl_login_check(&job->login, err);
	if (rc < 0)
		return rc;
	rc = crl_pidfd_pid(job->app_pidfd, &job->app_pid);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_REQUEST, "the request came without a pidfd of the application");
	if (job->app_pid != peer.pid) /* R2 */
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST, "pidfd of process %d sent by process %d",
				   (int)job->app_pid, (int)peer.pid);
	if (job->login.uid == 0) /* R3 */
		return crl_err_set(err, EPERM, CRL_STAGE_REQUEST,
				   "root cannot be held by a room without a user namespace");
	return check_power(err);
}
