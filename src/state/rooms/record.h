// SPDX-License-Identifier: Apache-2.0
/*
 * What is known of a live room, one small file each under STATE/rooms; plus ids and locks.
 *
 *   STATE/rooms/NAME.room   the record, rewritten by rename
 *   STATE/rooms/NAME.sock   where more logins join (shared rooms only); bound as ID.sock
 *   STATE/rooms/NAME.lock   held while a shared room is made, joined or ended
 *   STATE/rooms/ID.lock     held by a login's helper until the login is on record (live.h)
 *   STATE/rooms/limits-UNIT.lock, used-UNIT.lock   whose limits systemd's slices have (helper/parts/systemd_limits.c)
 *   STATE/cache/            compiled filters
 *
 * Runs in: helper, supervisor, steward (root); carrelctl reads. Trusts: nobody but root can write below STATE (0700).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/login.h"
#include "wire/proto.h"

#define CRL_ROOM_LOGINS_MAX 256 /* logins of one room; one more is refused */
#define CRL_ROOM_LEFT_MAX 256 /* cgroups of logins that have left while what they started goes on */

struct crl_counts;

/* The state directory, opened once. */
struct crl_state {
	int dir;
	int rooms;
	int cache;
};

/*
 * Make what is missing of the state directory and open it.
 * Errors (stage STATE): -EPERM it is not root's alone; -errno of open and mkdir.
 */
int crl_state_open(const char *path, struct crl_state *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_state_done(struct crl_state *s);

/*
 * Would crl_state_open() refuse it? Nothing is made; what is not there is no fault. Needs root's power.
 * Errors (stage STATE): -EPERM it, or a directory in it, is not root's alone; -errno of lstat.
 */
int crl_state_look(const char *path, struct crl_err *err) CRL_MUST_CHECK;

/* A new id: eight lower-case letters and digits, 40 random bits. Returns 0 or -errno. */
int crl_id_make(char id[CRL_ID_MAX]) CRL_MUST_CHECK;

/*
 * Take a lock of that name (a signal handler without SA_RESTART ends the wait with -EINTR).
 * @operation  of flock(2): LOCK_EX or LOCK_SH; with LOCK_NB -EWOULDBLOCK when somebody has it
 * @ret_fd   close to release
 * The file may have been removed while we waited; then it is made and locked anew.
 */
int crl_state_lock(const struct crl_state *s, const char *name, int operation, int *ret_fd) CRL_MUST_CHECK;

/* With the lock held: remove its file, so that nothing is left of the name. */
void crl_state_unlock_for_good(const struct crl_state *s, const char *name);

/* Is @file the record of a living supervisor's room whose cgroups are beneath @slice, one name? Not a record: no. */
bool crl_record_has_slice(int rooms_dir, const char *file, const char *slice);

struct crl_record_login {
	char id[CRL_ID_MAX];
	uint32_t uid;
	pid_t pid; /* the application */
	int64_t since; /* CLOCK_REALTIME seconds */
	const char *user;
	const char *service;
	const char *tty;
	const char *rhost;
	const struct crl_counts *base; /* what its cgroups had counted at its begin; NULL = not known */
	bool cgroup; /* it has a cgroup of its own beneath the room's slice, to be removed with the room */
	const char *scope; /* its cgroup where another manages it, from the root; NULL or "" = none */
};

struct crl_record {
	const char *name; /* file name without ".room" */
	char room[CRL_ID_MAX];
	const struct crl_adopt *adopt; /* restrictions and policy */
	const char *filter; /* name in the cache; "" = none */
	const char *slice; /* path of the cgroup above the logins' own; "" = none is used */
	const char *cgroup_root; /* that path's beginning; NULL or "" = the host's usual cgroup v2 root */
	const char *values; /* digests of its policy's settings (policy/digest.h); "" = not yet known */
	uint32_t uid; /* of the user whose room it is */
	uint32_t gid;
	const char *user;
	const char *home;
	int64_t since; /* CLOCK_REALTIME seconds: when it was made */
	int64_t until; /* CLOCK_REALTIME seconds: when the empty room ends; 0 = somebody is in */
	uint64_t linger_s; /* how long it waits when it is empty */
	int64_t grace_s; /* that its programs have to end by themselves */
	pid_t supervisor;
	uint64_t supervisor_start; /* as crl_process_start() has it; 0 = it is asked */
	pid_t init;
	const struct crl_record_login *login;
	size_t logins;
};

/* Write or replace a room's record. After an error the one before stands. Returns 0 or -errno. */
int crl_record_write(const struct crl_state *s, const struct crl_record *r) CRL_MUST_CHECK;

/* Remove record, socket and lock of a room; what is not there is no error. */
void crl_record_remove(int rooms_dir, const char *name);

/*
 * The room is ending: give its name free, but keep its record, now as ID.room, until its cgroups are gone too.
 * Whoever kills the supervisor meanwhile leaves something for the sweep to find.
 * @locked  the caller holds the room's lock; without it only the record is moved, and only when it names room @id
 */
void crl_record_retire(int rooms_dir, const char *name, const char *id, bool locked);

/* With the room's lock held: remove what a killed supervisor left, but not the lock. */
void crl_record_remove_stale(const struct crl_state *s, const char *name);

/* @root  beneath which @slice is; "" = the host's usual cgroup v2 root */
typedef void crl_sweep_cgroup(void *arg, const char *root, const char *slice, const char *id);

/* Call @each for every login with a cgroup in a room's record, if the record names room @id. */
void crl_record_each_cgroup(const struct crl_state *s, const char *name, const char *id, crl_sweep_cgroup *each,
			    void *arg);

/*
 * Remove a room's files if its record still names room @id: another room may have taken the name meanwhile.
 * Waits for the lock of a shared room.
 */
void crl_record_remove_own(const struct crl_state *s, const char *name, const char *id, bool shared);
