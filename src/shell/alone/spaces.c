// SPDX-License-Identifier: Apache-2.0
/*
 * The namespaces of a room that its user makes, and their ids.
 *
 *  R1  One number is in the user namespace: 0, who is the user, as all file systems that a room mounts want one. It has
 *      no group but the user's own, and the right to drop groups is given up before it could be used.
 *
 * Runs in: carrel-shell, outside. Source: user_namespaces(7), clone3(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/nskind.h"
#include "shell/alone/room.h"
#include "state/published.h"

static pid_t clone_init(const struct alone_room *room, int *ret_pidfd)
{
	/* The time namespace needs offsets first, the cgroup namespace a cgroup: init makes both. */
	uint32_t own_way = CRL_NS_BIT(CRL_NS_TIME) | CRL_NS_BIT(CRL_NS_CGROUP);
	struct clone_args ca = {
		.flags =
			crl_ns_clone_flags(room->published->policy.namespaces & ~own_way) | CLONE_NEWUSER | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};

	return (pid_t)syscall(SYS_clone3, &ca, sizeof(ca));
}

/* R1 */
static int write_ids(const struct alone_room *room, struct crl_err *err)
{
	char dir[32], uid[48], gid[48];
	scoped_fd at = -EBADF;
	int rc;

	(void)snprintf(dir, sizeof(dir), "/proc/%d", (int)room->init);
	(void)snprintf(uid, sizeof(uid), "0 %" PRIu32 " 1\n", room->login.uid);
	(void)snprintf(gid, sizeof(gid), "0 %" PRIu32 " 1\n", room->login.gid);
	at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	rc = at < 0 ? -errno : crl_file_write(at, "setgroups", "deny");
	if (rc == 0)
		rc = crl_file_write(at, "uid_map", uid);
	if (rc == 0)
		rc = crl_file_write(at, "gid_map", gid);
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "cannot give the user namespace its ids") : 0;
}

static int refuse_clone(int code, struct crl_err *err)
{
	const char *why = "";

	if (code == EPERM || code == EACCES)
		why = ": users may make no user namespaces here (kernel.unprivileged_userns_clone, AppArmor), or this "
		      "is a "
		      "chroot";
	else if (code == ENOSPC || code == EUSERS)
		why = ": there are too many (user.max_user_namespaces and its kind)";
	return crl_err_set(err, code, CRL_STAGE_NAMESPACE, "cannot make the room's namespaces%s", why);
}

int alone_spaces_begin(struct alone_room *room, struct crl_err *err)
{
	const struct alone_word mapped = {.kind = ALONE_MAPPED};
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make a socket pair");
	room->init = clone_init(room, &room->init_pidfd);
	if (room->init == 0) {
		(void)close(pair[0]); /* the outer process's, which then alone has it */
		room->channel = pair[1];
		alone_init(room);
	}
	rc = room->init < 0 ? refuse_clone(errno, err) : 0;
	(void)close(pair[1]); /* so that init's death is seen as end of file */
	room->channel = pair[0];
	if (rc == 0)
		rc = write_ids(room, err);
	if (rc == 0)
		rc = alone_kept_hold(room, err);
	if (rc == 0)
		rc = alone_way_open(room, err);
	if (rc == 0 && alone_say(room->channel, &mapped) < 0)
		rc = crl_err_set(err, EPIPE, CRL_STAGE_NAMESPACE, "the room's init has died");
	return rc;
}
