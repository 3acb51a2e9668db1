// SPDX-License-Identifier: Apache-2.0
/*
 * The live rooms and their logins, as their records have them.
 *
 * Runs in: carrelctl, helper (root). Texts are as users gave them: escape before printing.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "plan/limits/counts.h"
#include "policy/file/digest.h"
#include "wire/login.h"
#include "wire/proto.h"

#define CRL_SCOPE_MAX 256 /* path of a login's cgroup, with NUL */
#define CRL_UID_UNKNOWN UINT32_MAX /* no user has it */

struct crl_room_login {
	char id[CRL_ID_MAX];
	uint32_t uid;
	bool cgroup; /* it has SLICE/login-ID */
	pid_t pid; /* the application; 0 = it has left, what it started goes on */
	int64_t since; /* CLOCK_REALTIME seconds */
	char user[CRL_USER_MAX];
	char service[CRL_SERVICE_MAX];
	char tty[CRL_TTY_MAX];
	char rhost[CRL_RHOST_MAX];
	char scope
		[CRL_SCOPE_MAX]; /* its cgroup where systemd manages it, from the root; "" = SLICE/login-ID, or none */
	struct crl_counts base; /* what its cgroups had counted at its begin */
};

struct crl_room_info {
	char name[CRL_KEY_MAX];
	char id[CRL_ID_MAX];
	char policy[CRL_POLICY_NAME_MAX];
	struct crl_adopt adopt; /* what its logins have adopted */
	char filter[32]; /* name in the cache of filters; "" = none */
	char slice[CRL_SLICE_MAX]; /* relative to the cgroup root; "" = no cgroup is used */
	char *cgroup_root; /* where slice begins, owned; NULL = the host's usual cgroup v2 root */
	char values[CRL_DIGESTS_MAX]; /* digests of the settings that it was made with; "" = not on record */
	uint32_t uid; /* of the user whose room it is; CRL_UID_UNKNOWN = not on record */
	uint32_t gid; /* the user's primary group when it was made; CRL_UID_UNKNOWN = not on record */
	char user[CRL_USER_MAX];
	char home[CRL_HOME_MAX]; /* as the user database had it; "" = not on record */
	int64_t since; /* CLOCK_REALTIME seconds: when it was made */
	int64_t until; /* CLOCK_REALTIME seconds: when the empty room ends; 0 = somebody is in */
	uint64_t linger_s; /* how long it waits when it is empty */
	int64_t grace_s; /* for its programs to end by themselves; -1 = its supervisor knows no such time */
	pid_t supervisor;
	uint64_t supervisor_start; /* in the kernel's clock ticks since boot: another has the number when it differs */
	pid_t init;
	bool whole; /* its text has an end, which one that is being written has not yet */
	bool unrecorded; /* it has no record, or an old one: this is what its supervisor keeps in memory */
	bool stale; /* its supervisor is gone: carrel-helper --sweep removes the record */
	struct crl_room_login *login;
	size_t logins;
};

/* What crl_cgroup_open_root() takes for the room's root. */
static inline const char *crl_room_cgroup_root(const struct crl_room_info *r)
{
	return r->cgroup_root ? r->cgroup_root : "";
}

struct crl_rooms {
	struct crl_room_info *item;
	size_t len;
	size_t unreadable; /* records that are there and could not be read: whoever lists rooms has to say so */
	int error; /* -errno of the last of them: -EFBIG, -EBADMSG, … */
	char unreadable_name[CRL_KEY_MAX + 8]; /* its file */
};

/*
 * Read every record below STATE/rooms, and find the rooms whose record could not be written; oldest room first. A
 * directory that is not there holds no records; a file that goes away meanwhile is left out; one that cannot be read is
 * counted in .unreadable.
 * @ret  free with crl_rooms_done()
 * Errors (stage STATE): -EACCES and others of open; -ENOMEM.
 */
int crl_rooms_read(const char *state, struct crl_rooms *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_rooms_done(struct crl_rooms *r);
void crl_room_info_done(struct crl_room_info *r);
