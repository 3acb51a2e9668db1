// SPDX-License-Identifier: Apache-2.0
/*
 * Read back what record.c wrote: the live rooms and their logins.
 *
 * Runs in: carrelctl (root). Texts are as users gave them: escape before printing.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "plan/counts.h"
#include "policy/digest.h"
#include "proto/login.h"
#include "proto/proto.h"

struct crl_room_login {
	char id[CRL_ID_MAX];
	uint32_t uid;
	bool cgroup;          /* it has SLICE/login-ID */
	pid_t pid;            /* the application; 0 = it has left, what it started goes on */
	int64_t since;        /* CLOCK_REALTIME seconds */
	char user[CRL_USER_MAX];
	char service[CRL_SERVICE_MAX];
	char tty[CRL_TTY_MAX];
	char rhost[CRL_RHOST_MAX];
	struct crl_counts base; /* what its cgroups had counted at its begin */
};

struct crl_room_info {
	char name[CRL_KEY_MAX];
	char id[CRL_ID_MAX];
	char policy[64];
	struct crl_adopt adopt; /* what its logins have adopted */
	char filter[32];      /* name in the cache of filters; "" = none */
	char slice[256];      /* relative to the cgroup root; "" = no cgroup is used */
	char *cgroup_root;    /* where slice begins, owned; NULL = the host's usual cgroup v2 root */
	char values[CRL_DIGESTS_MAX]; /* digests of the settings that it was made with; "" = not on record */
	pid_t supervisor;
	pid_t init;
	bool stale;           /* its supervisor is gone: carrel-helper --sweep removes the record */
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
};

/*
 * Read every record below STATE/rooms, oldest login first. A directory that is not there holds no rooms; a file that is
 * no record is left out, as is one that goes away meanwhile.
 * @ret  free with crl_rooms_done()
 * Errors (stage STATE): -EACCES and others of open; -ENOMEM.
 */
int crl_rooms_read(const char *state, struct crl_rooms *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_rooms_done(struct crl_rooms *r);

/* Parse one record. @text  NUL-terminated, changed. Returns 0, -EBADMSG, -ENOMEM. */
int crl_room_parse(const char *name, char *text, struct crl_room_info *ret) CRL_MUST_CHECK;
void crl_room_info_done(struct crl_room_info *r);
