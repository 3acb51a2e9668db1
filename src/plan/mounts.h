// SPDX-License-Identifier: Apache-2.0
/*
 * The room's mount tree as an ordered list of operations.
 *
 * Runs in: helper, carrelctl. Pure: facts about the host come in as data, nothing is opened or mounted here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"
#include "proto/err.h"
#include "proto/login.h"

/* Facts about the host that the plan depends on. */
struct crl_host {
	char **mounts;      /* mount points of the host in mountinfo order, unescaped; owned */
	size_t mounts_len;
	char name[256];     /* host name */
	char room_name[256];/* the room's host name, template expanded; "" = the host's */
	char room_id[16];   /* written to /run/carrel-room inside */
	char outer_tty[64]; /* the terminal the login came on, as a path under /dev ("/dev/pts/3"); "" = none */
	bool cgroup2_unified;/* cgroup v2 is what is mounted on /sys/fs/cgroup */
};

/* Read mountinfo (proc_pid_mountinfo(5)) from an open file. Errors: stage MOUNT. */
int crl_host_read_mounts(int fd, struct crl_host *host, struct crl_err *err) CRL_MUST_CHECK;
void crl_host_done(struct crl_host *host);

/* One step; src/apply/mounts.c has one function for each kind. */
struct crl_mount_op;

struct crl_mount_plan {
	struct crl_mount_op *op;
	size_t len;
	size_t capacity;
};

/*
 * Plan the whole tree for one room.
 * Errors: -EINVAL with the policy key to blame (stage MOUNT or HOME); -ENOMEM.
 */
int crl_mount_plan_build(const struct crl_policy *p, const struct crl_login *login, const struct crl_host *host,
			 struct crl_mount_plan *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_mount_plan_done(struct crl_mount_plan *plan);

/* Expand %u %U %h %s %% into @buf, keeping [a-z0-9-] only (others become '-'). -EINVAL on an unknown letter. */
int crl_hostname_expand(const char *tmpl, const struct crl_login *login, const char *host, char *buf, size_t size,
			struct crl_err *err) CRL_MUST_CHECK;
