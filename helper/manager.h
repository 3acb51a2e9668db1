// SPDX-License-Identifier: Apache-2.0
/*
 * Manager `systemd` (see manager.c).
 *
 * Runs in: helper and supervisor, root, host namespaces.
 */
#pragma once

#include "helper/helper.h"
#include "state/live.h"

/* Units that hold limits. */
struct crl_manager_slices {
	char user[CRL_KEY_MAX];
	char budget[CRL_KEY_MAX]; /* "" = none */
};

/* Does systemd manage this host's cgroups for us? Key cgroup.manager, or what is found. */
bool crl_manager_is_systemd(const struct crl_job *job);

/*
 * Put the policy's limits on the user's slice, find or start the login's scope, read both back. Takes the locks of the
 * limits, which crl_job_done() gives free. Errors (stage LIMITS): what systemd says; -EXDEV, -ERANGE when the
 * kernel's files tell otherwise.
 */
int crl_manager_make(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/* The same for a room that stands, whose logins are beneath @slice. -EXDEV when that is another slice now. */
int crl_manager_reload(struct crl_job *job, const char *slice, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Supervisor and init out of the user's slice: systemd is asked as soon as init stands, and works while the application
 * goes in; the answer is waited for before anybody is told that the login is in, so that the supervisor never waits for
 * systemd. Not needed for isolation, so failing is only logged.
 */
void crl_manager_house_begin(struct crl_job *job, const struct crl_room *room);
void crl_manager_house_end(struct crl_job *job, const struct crl_room *room);

/* manager_limits.c */
int crl_manager_lock(struct crl_job *job, const struct crl_manager_slices *slices, struct crl_err *err) CRL_MUST_CHECK;
int crl_manager_limit(const struct crl_job *job, const struct crl_manager_slices *slices,
		      const struct crl_limit_plans *plans, struct crl_err *err) CRL_MUST_CHECK;

/* manager_used.c: hold the slices' limits for a room's life; with the limits' locks held. Errors (stage STATE). */
int crl_manager_use(struct crl_job *job, const struct crl_manager_slices *slices, struct crl_err *err) CRL_MUST_CHECK;

/* What the job holds for the room, the room holds for itself. Returns 0 or -errno. */
int crl_manager_keep_using(const struct crl_job *job, struct crl_room *room) CRL_MUST_CHECK;

/* Before crl_manager_release(): who asks must not find himself. @used  a job's or a room's */
void crl_manager_use_no_more(int used[2]);

/* With the unit's limits lock held alone: does a supervisor or helper hold its limits? If not, the lock's file goes. */
bool crl_manager_is_used(const struct crl_state *s, const char *unit);

/* "limits-user-1000" of "user-1000.slice". */
void crl_manager_limits_lock_name(char buf[CRL_KEY_MAX], const char *unit);

/* A room beneath that slice is gone: take the limits away when no other is there. @slice a path */
void crl_manager_release(const struct crl_state *s, const char *slice);

/*
 * The same for every slice whose limits a killed supervisor or helper has left.
 * @state  the state directory's path
 * @live   as crl_live_read() has said before
 */
void crl_manager_sweep(const struct crl_state *s, const char *state, const struct crl_live *live);

/*
 * ask_systemd.c: ask one question, all at once or in two steps.
 * @argv         argv[0] is filled in; NULL-ended
 * @deadline_ms  as crl_now_ms() counts; then carrel-bus is killed and the answer is -ETIMEDOUT
 * Errors (stage LIMITS): as systemd says; -EAGAIN: not now, but soon, which crl_systemd_ask() takes for no answer as
 * long as there is time.
 */
int crl_systemd_ask(char **argv, int64_t deadline_ms, struct crl_err *err) CRL_MUST_CHECK;
int crl_systemd_begin(char **argv, struct crl_systemd_question *ret, struct crl_err *err) CRL_MUST_CHECK;
int crl_systemd_await(struct crl_systemd_question *q, int64_t deadline_ms, struct crl_err *err) CRL_MUST_CHECK;
int crl_systemd_bus_path(char *buf, size_t size) CRL_MUST_CHECK;
