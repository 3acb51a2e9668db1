// SPDX-License-Identifier: Apache-2.0
/*
 * Who asks for an errand: proved by what the kernel says of the process, never by what it says of itself.
 *
 * Runs in: a child of carrel-steward, root, host namespaces.
 * R1: who connected, who sent the request and whom the pidfd means are one process, and it lives: numbers are used
 * again.
 * R2: it is in the user namespace of the host, and in both namespaces of a room of its own uid that lives.
 * R3: it has one uid and one gid in all places: no program that is about to change them is taken for either.
 */
#include "helper/steward/errand.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "apply/limits/cgroup.h"
#include "base/nskind.h"

#define STATUS_MAX 32768 /* bytes of /proc/PID/status: 1,024 groups take a third */

static int refuse(struct crl_err *err, const char *text)
{
	return crl_err_set(err, EPERM, CRL_STAGE_CALLER, "%s", text);
}

bool crl_errand_is_alive(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) == 0;
}

static int read_status(pid_t pid, char buf[STATUS_MAX])
{
	char path[64];
	scoped_fd fd = -EBADF;
	size_t len = 0;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf + len, STATUS_MAX - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	return n < 0 ? -errno : len == STATUS_MAX - 1 ? -EFBIG : 0;
}

/* The first line has the name, which the process chose, with line ends escaped: @key begins with one. */
static const char *line_of(const char *status, const char *key)
{
	const char *p = strstr(status, key);

	return p ? p + strlen(key) : NULL;
}

/* R3: real, effective, saved and that of files. */
static bool take_id(const char *status, const char *key, uint32_t *ret)
{
	const char *p = line_of(status, key);
	uint32_t id[4];

	if (!p || sscanf(p, "%" SCNu32 "%" SCNu32 "%" SCNu32 "%" SCNu32, &id[0], &id[1], &id[2], &id[3]) != 4)
		return false;
	*ret = id[0];
	return id[0] == id[1] && id[0] == id[2] && id[0] == id[3];
}

static bool take_groups(const char *status, struct crl_errand_asker *a)
{
	const char *p = line_of(status, "\nGroups:");
	int used = 0;

	if (!p)
		return false;
	for (a->groups = 0; sscanf(p, "%*[ \t]%" SCNu32 "%n", &a->group[a->groups], &used) == 1; p += used)
		if (++a->groups == CRL_GROUPS_MAX)
			return false;
	return true;
}

static int take_status(struct crl_errand_asker *a, struct crl_err *err)
{
	char status[STATUS_MAX];
	const char *mask;
	unsigned int bits;

	if (read_status(a->pid, status) < 0)
		return refuse(err, "the process that asks is gone");
	mask = line_of(status, "\nUmask:");
	if (!take_id(status, "\nUid:", &a->uid) || !take_id(status, "\nGid:", &a->gid) || !take_groups(status, a) ||
	    !mask || sscanf(mask, "%o", &bits) != 1)
		return refuse(err, "the process that asks is about to become somebody else, or has too many groups");
	a->umask = bits & 0777;
	return 0;
}

int crl_errand_asker_prove(int state, const struct ucred *peer, const struct ucred *sender,
			   struct crl_errand_asker *ret, struct crl_err *err)
{
	uint64_t user = crl_ns_inode(peer->pid, "user"), mount = crl_ns_inode(peer->pid, "mnt");
	uint64_t pid = crl_ns_inode(peer->pid, "pid");
	int rc;

	if (peer->pid <= 0 || peer->pid != sender->pid || peer->uid != sender->uid) /* R1 */
		return refuse(err, "another process sent the request than the one that connected");
	if (peer->uid == 0)
		return refuse(err, "root needs nobody to run a program for it; inside a room it has no errands");
	if (!user || !mount || !pid || user != crl_ns_inode(getpid(), "user")) /* R2 */
		return refuse(err, "the process is in a user namespace of its own, from which nobody is sent");
	rc = crl_errand_room_find(state, peer->uid, mount, pid, &ret->room);
	if (rc < 0)
		return refuse(
			err, "the process is in no room of its user's that has errands, or in namespaces of its own in "
			     "one");
	ret->pid = peer->pid;
	rc = take_status(ret, err);
	if (rc < 0)
		return rc;
	if (ret->uid != peer->uid || ret->room.uid != peer->uid) /* R3 */
		return refuse(err, "the process is not its room's user");
	if (!crl_errand_is_alive(ret->pidfd)) /* R1: all that was read was its own */
		return refuse(err, "the process that asks is gone");
	return 0;
}

int crl_errand_asker_join(const struct crl_errand_asker *a, struct crl_err *err)
{
	scoped_fd root = -EBADF, dir = -EBADF;
	char path[1024];
	int rc = crl_cgroup_of(a->pid, path, sizeof(path));

	if (!crl_errand_is_alive(a->pidfd)) /* R1: the group was its own; without it there is none to be found */
		return refuse(err, "the process that asks is gone");
	if (rc == -ENOENT || (rc == 0 && crl_cgroup_open_root("", &root, NULL, NULL) == -ENOENT))
		return 0; /* this host has no cgroup v2, so no login has limits */
	if (rc == 0) {
		dir = openat(root, path[0] ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = dir < 0 ? -errno : crl_cgroup_attach(dir, getpid());
	}
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_LIMITS, "cannot come into the login's control group") : 0;
}
