// SPDX-License-Identifier: Apache-2.0
/*
 * The room's mount tree as an ordered list of operations.
 *
 * Runs in: helper, carrelctl. Pure: facts about the host come in as data, nothing is opened or mounted here.
 * Source: docs/mounts.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/mountop.h"
#include "policy/policy.h"
#include "proto/err.h"
#include "proto/login.h"

#define CRL_MOUNTINFO_MAX (32u << 20) /* bytes; the kernel's own limit is 100,000 mounts */

/* Facts about the host that the plan depends on. */
struct crl_host {
	char **mounts; /* mount points a lookup on the host reaches, in mountinfo order, unescaped; owned */
	bool *noexec; /* one for each of them: programs cannot be run from it; owned */
	size_t mounts_len;
	char **sockets; /* absolute names of sockets that can be connected to, as who bound them gave them; owned */
	size_t sockets_len;
	bool sockets_cut; /* there were more */
	char name[256]; /* host name */
	char room_name[256]; /* the room's host name; "" = the host's */
	char room_id[16]; /* written to /run/carrel-room inside, with the user's uid */
	char outer_tty[64]; /* the terminal the login came on, as a path under /dev ("/dev/pts/3"); "" = none
			     */
	bool screen; /* /run/screen is there: where GNU screen without a set-ID bit has its sockets */
	bool cgroup2_unified; /* cgroup v2 is what is mounted on /sys/fs/cgroup */
};

/*
 * Read mountinfo (proc_pid_mountinfo(5)) from an open file, keeping what a path lookup reaches: a mount that
 * another covers or stands in the way of is left out, and so is a FUSE mount of a user's with all that is on
 * it. Sets mounts and mounts_len only; on error they are as before. Errors (stage MOUNT): -EFBIG over
 * CRL_MOUNTINFO_MAX; -EBADMSG a line that is not as the manual says; -ENOMEM; read(2).
 */
int crl_host_read_mounts(int fd, struct crl_host *host, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Read the sockets that listen, or take datagrams, under an absolute name from an open /proc/net/unix. Names are what
 * processes chose: a line may be anything. Sets sockets, sockets_len and sockets_cut only.
 * Errors (stage MOUNT): -ENOMEM; read(2).
 */
int crl_host_read_sockets(int fd, struct crl_host *host, struct crl_err *err) CRL_MUST_CHECK;

/* True when @path is @dir or beneath it. "/" holds everything. */
bool crl_path_is_within(const char *path, const char *dir);

/* mounts_sockets.c: does the policy want the room to reach a socket of that name? */
bool crl_policy_offers_socket(const struct crl_policy *p, const char *path);

void crl_host_done(struct crl_host *host);

/*
 * True when programs cannot be run from @path on the host: what the room puts in its place is to be the same.
 * @path  absolute, links in it are not looked through
 */
bool crl_host_is_noexec(const struct crl_host *host, const char *path);

/* Zero-initialise; crl_mount_plan_done() frees. Texts in it live as long as plan, policy, login and host do.
 */
struct crl_mount_plan {
	struct crl_mount_op *op;
	size_t len;
	size_t capacity;
	char **text; /* texts the plan made; owned */
	size_t text_len;
	size_t text_capacity;
};

/*
 * Plan the whole tree for one room. @policy, @login and @host must outlive the plan.
 * Errors: -EINVAL with the policy key to blame (stage MOUNT or HOME); -ENOMEM.
 */
int crl_mount_plan_build(const struct crl_policy *p, const struct crl_login *login,
			 const struct crl_host *host, struct crl_mount_plan *ret,
			 struct crl_err *err) CRL_MUST_CHECK;
void crl_mount_plan_done(struct crl_mount_plan *plan);
