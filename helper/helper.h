// SPDX-License-Identifier: Apache-2.0
/*
 * What the helper's parts share: the options, the login being let in, the room being kept.
 *
 * Runs in: helper; one process serves one login until its room stands, then keeps that room as its supervisor.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "apply/cgroup.h"
#include "plan/cgroup.h"
#include "plan/filter.h"
#include "policy/digest.h"
#include "policy/load.h"
#include "policy/policy.h"
#include "proto/fdpass.h"
#include "proto/login.h"
#include "proto/pidfd.h"
#include "state/filter_cache.h"
#include "state/record.h"
#include "state/seats.h"
#include "state/why.h"

#define CRL_CHANNEL_FD 3 /* the module's socket, put there by the module */
#define CRL_TIMEOUT_DEFAULT_S 10

struct crl_options {
	const char *config;
	const char *state;
	unsigned int timeout_s;
	const char *policy; /* NULL = as the rules say; carrelctl names one to try it */
	bool rehearse;      /* of carrelctl: nobody shares this room, it ends at once and is in no utmp */
	bool debug;
	bool sweep; /* only tidy up after dead rooms, then leave */
	bool reload; /* only set the limits of live rooms anew */
	const char *manager_of; /* only tell whether this uid may have a manager of systemd's; NULL = not asked */
	bool version; /* only tell it, for carrelctl */
};

/* The login's own cgroup. */
struct crl_login_cgroup {
	int root;           /* cgroup v2 root; -EBADF = the login has no cgroup of its own */
	int slice;          /* the user's slice, for init to be born in */
	int dir;            /* the login's, beneath it */
	bool managed;       /* by systemd: we ask, it writes; slice is not used then */
	int lock[2];        /* managed: held while the limits of the user and of the budget change */
	int used[2];        /* managed: held as long as somebody needs them */
	char prefix[CRL_SLICE_MAX]; /* path from the root to the configured directory */
	char slice_path[CRL_SLICE_MAX]; /* relative to the root, no leading slash */
	char path[256];     /* of the login's, beneath slice_path */
	char origin[1024];  /* where the application was, relative to the root, "" = the root itself */
	pid_t mover;        /* child that moves the application, 0 = none */
	bool moved;         /* the move was begun */
	char oom_score_adj[8]; /* the application's own, "" = left alone */
};

/* What systemd is asked and has not answered yet (ask_systemd.c). */
struct crl_systemd_question {
	pid_t pid;          /* of carrel-bus, 0 = nothing is asked */
	int pidfd;
	int answer;
};

/* Withdraw it. Nothing asked is no error. */
void crl_systemd_question_done(struct crl_systemd_question *q);

/* One login on its way in. */
struct crl_job {
	const struct crl_options *options;
	struct crl_state state;
	int channel;        /* to the module */
	int app_pidfd;
	pid_t app_pid;
	int64_t deadline_ms;
	struct crl_login login;
	char id[CRL_ID_MAX];

	struct crl_config *config;
	const struct crl_rule *rule;
	struct crl_policy policy;
	char room_name[CRL_KEY_MAX]; /* of its files under STATE/rooms */
	struct crl_adopt adopt;
	struct crl_filter filter;
	char filter_name[CRL_FILTER_NAME_MAX]; /* in the cache; "" = there is no filter */
	struct crl_login_cgroup cgroup;
	int making;         /* lock that says that this login is on its way; -EBADF = it is on record, or has not begun */
	struct crl_systemd_question housing; /* of supervisor and init */
	int64_t noticed_ms; /* when it was asked what the user has not been told; 0 = he is told nothing */
	int drain;          /* held until the login is on record; -EBADF = not held */
	int init_channel;   /* to the init that we made, until it has dropped its power; -EBADF = somebody else's room */
};

/* Until when others are waited for, so that the module hears what was in vain before its own patience ends. */
static inline int64_t crl_job_patience_ms(const struct crl_job *job)
{
	return job->deadline_ms - (int64_t)job->options->timeout_s * 100;
}

/* A login that lives in a room, as its supervisor knows it. */
struct crl_member {
	char id[CRL_ID_MAX];
	uint32_t uid;
	pid_t pid;       /* the application; safe to use only while pidfd says it lives */
	int pidfd;
	int channel;     /* to the module; -EBADF after a protocol error */
	int joiner;      /* connection of the helper that lets it in; -EBADF once it is in */
	int cgroup;      /* directory; -EBADF = none */
	char *origin;    /* cgroup to put the application back to; NULL = it was not moved */
	char *scope;     /* path of its cgroup where systemd manages it, from the root; NULL = ours, or none */
	char *user;
	char *service;
	char *tty;
	char *rhost;
	int64_t since;
	int64_t since_ms;   /* the same, closer */
	uint32_t shows;     /* enum crl_shows */
	bool told;          /* what its user had to be told */
	bool counted;       /* base holds */
	struct crl_counts base; /* as its login found them */
	bool asked;      /* its module asked to close and waits for the answer */
	int64_t waiting_ms; /* since when it waits for the room's lock to leave; 0 = it does not */
	bool gone;       /* left; its cgroup holds processes that stay (on_close = "keep"). No descriptor is open */
};

/* The room that this process keeps. */
struct crl_room {
	struct crl_state state;
	struct crl_adopt adopt; /* what each of its logins has adopted; the policy's name is in it */
	char filter[CRL_FILTER_NAME_MAX];
	char id[CRL_ID_MAX];
	char name[CRL_KEY_MAX];
	uint32_t uid;       /* of the user whose room it is */
	uint32_t gid;
	char *user;
	char *home_path;    /* as the user database had it */
	int64_t since;      /* CLOCK_REALTIME seconds: when it was made */
	bool shared;
	bool keep;          /* on_close = "keep" */
	uint64_t linger_s;
	bool accounting;
	int init_pidfd;
	pid_t init_pid;
	int proc;           /* the room's /proc; -EBADF = it has no PID namespace of its own */
	int utmp;
	int listen;         /* where helpers of further logins connect; -EBADF = not shared */
	int lock;           /* the shared room's lock, once it is ending */
	char seat[CRL_SEAT_MAX]; /* one of the rooms that its user may have; "" = any number */
	int seat_fd;        /* holds it */
	int cgroup_root;    /* -EBADF = no cgroup is used */
	bool managed;       /* systemd makes and removes the cgroups */
	int used[2];        /* managed: says that the limits of the user and of the budget are needed; -EBADF = not held */
	char slice[CRL_SLICE_MAX]; /* of all logins' cgroups, "" = no cgroup is used */
	char *cgroup_path;  /* cgroup.root; NULL or "" = the host's usual root */
	char values[CRL_DIGESTS_MAX]; /* what carrelctl reload compares with; "" until the first login is in */
	struct crl_member **member;
	size_t members;
	bool why;           /* what stops its logins is recorded */
	bool notice;        /* and told to the user */
	int home;           /* of an overlay or tmpfs, only to ask how full it is; -EBADF = neither */
	int tmp;
	int kernlog;        /* where refused system calls are logged; -EBADF = nowhere */
	struct {
		char id[CRL_ID_MAX];
		uint32_t uid;
		int64_t since;
	} last;             /* login that left */
	int64_t linger_until_ms; /* when the empty room ends; 0 = somebody is in */
	int64_t until;      /* the same, CLOCK_REALTIME seconds */
	const char *ended_by; /* for the log; NULL = the supervisor itself cannot go on */
	int64_t lock_since_ms; /* since when somebody else has held the lock that the end waits for; 0 = nobody has */
	int64_t accept_again_ms; /* when to listen again after running out of descriptors; 0 = now */
	struct {
		int64_t again_ms; /* when to look again at what logins have left behind; 0 = nothing is left */
		int64_t wait_ms;
	} left;
	struct {
		int copy;         /* memory that carrelctl reads while the record cannot be written; -EBADF = none */
		int error;        /* why not, 0 = it stands */
		int64_t again_ms; /* when to try again; 0 = it stands */
		int64_t wait_ms;
	} recording;
};

/* job.c */
struct crl_job *crl_job_new(const struct crl_options *options);
void crl_job_done(struct crl_job *job);
struct crl_room *crl_room_new(void);
void crl_refuse(const struct crl_job *job, const struct crl_err *err);

/* harden.c: refuse to run where we must not; shed what the application handed down. */
int crl_harden(int argc, char **argv, struct crl_err *err) CRL_MUST_CHECK;
void crl_shed(void); /* shed.c */
void crl_rename_process(const char *name);
void crl_remember_argv(int argc, char **argv);

/* request.c: take the request and prove it against what the kernel says of the caller. */
int crl_request_receive(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
bool crl_pidfd_is_dead(int pidfd);

/* clock.c: errors (stage CALLER): -EXDEV another time namespace than the host's. */
int crl_clock_check(struct crl_err *err) CRL_MUST_CHECK;

/* drain.c: refuse when the host takes no new logins. Errors (stage DRAIN): -EAGAIN. */
int crl_drain_refuse(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/* decide.c: configuration to policy to what the module shall adopt. */
int crl_decide(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
int crl_filter_obtain(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/* whose.c: which logins share a room. */
int crl_room_choose_name(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
bool crl_room_is_of(const struct crl_room *room, const struct crl_login *login);

/* limits.c: the login's cgroup. Moving runs beside the rest, in a child. */
struct crl_limit_plans {
	struct crl_cgroup_plan user;
	struct crl_cgroup_plan budget;
};
int crl_limits_plan(const struct crl_job *job, struct crl_limit_plans *ret, struct crl_err *err) CRL_MUST_CHECK;
struct crl_cgroup_plans crl_limits_wish(const struct crl_job *job, const struct crl_limit_plans *plans);
int crl_limits_fit(const struct crl_job *job, struct crl_limit_plans *plans, struct crl_err *err) CRL_MUST_CHECK;
int crl_limits_make(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
int crl_limits_start_move(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
int crl_limits_finish_move(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
int crl_limits_move_back(int root, const char *origin, pid_t pid) CRL_MUST_CHECK;
int crl_limits_set_oom(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
void crl_limits_undo(struct crl_job *job);

/* reload.c. Returns how many rooms could not be given their limits, or -errno. */
int crl_reload(const struct crl_options *options, struct crl_err *err) CRL_MUST_CHECK;

/* may_have_manager.c: returns the exit status, 0 = yes; where the rules decide it becomes carrelctl, which answers. */
int crl_may_have_manager(const struct crl_options *options) CRL_MUST_CHECK;

/*
 * enter.c: let the application in and look from outside whether it is. In three steps, for whoever has something to do
 * between them: it is told to come in; it is in, as the kernel sees it; it may go on. crl_enter() is all three.
 */
int crl_enter_invite(struct crl_job *job, int init_pidfd, struct crl_err *err) CRL_MUST_CHECK;
int crl_enter_verify(struct crl_job *job, pid_t init_pid, struct crl_err *err) CRL_MUST_CHECK;
int crl_enter_confirm(struct crl_job *job, int init_pidfd, struct crl_err *err) CRL_MUST_CHECK;
int crl_enter(struct crl_job *job, int init_pidfd, pid_t init_pid, struct crl_err *err) CRL_MUST_CHECK;

/* serve.c: one login. Returns -errno when it is refused, 0 when somebody else's room has it; else it keeps the room. */
int crl_serve(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;

/* sweep.c: tidy up behind the dead, now; or start a process that does, when none has for a minute. */
int crl_sweep(const struct crl_options *options, struct crl_err *err) CRL_MUST_CHECK;
void crl_sweep_start(const struct crl_job *job);

/* create.c, join.c: a new room, or a place in one that stands. */
int crl_create_room(struct crl_job *job, struct crl_room *room, struct crl_err *err) CRL_MUST_CHECK;
int crl_join_room(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
int crl_room_listen(const struct crl_state *s, const char *name, const char *id, int *ret_fd) CRL_MUST_CHECK;
int crl_room_connect(const struct crl_state *s, const char *name, int *ret_fd) CRL_MUST_CHECK;

/* init.c: PID 1 of the room; never returns. The first three are its own copies, which it frees. */
struct crl_init_args {
	struct crl_job *job;
	struct crl_host *host;
	struct crl_mount_plan *mounts; /* NULL = no mount namespace */
	int channel;                   /* to the helper */
};
_Noreturn void crl_init_main(const struct crl_init_args *args);

/* janitor.c: what PID 1 needs to tidy up when the supervisor is killed. */
struct crl_janitor {
	struct crl_state state; /* only .rooms is kept */
	char name[CRL_KEY_MAX];
	char room[CRL_ID_MAX];
	char slice[CRL_SLICE_MAX];
	bool shared;
	int cgroup_root;        /* -EBADF = no cgroup is used */
	int way_out;            /* cgroup.procs of a cgroup outside of the user's slice */
};
void crl_janitor_prepare(struct crl_janitor *j, const struct crl_job *job);
void crl_janitor_close_others(const struct crl_janitor *j);
_Noreturn void crl_janitor_tidy_up(struct crl_janitor *j);

/*
 * reach.c: give up what the room does not need, for good. @room: all that it holds is open already, and its state is
 * its own.
 */
int crl_room_confine(struct crl_room *room, struct crl_err *err) CRL_MUST_CHECK;
int crl_janitor_confine(const struct crl_janitor *j, struct crl_err *err) CRL_MUST_CHECK;

/* member.c: the table of logins. */
struct crl_member *crl_member_add(struct crl_room *room, const struct crl_login *login, const char *id);
void crl_member_drop(struct crl_room *room, struct crl_member *m);
/* Those that are in or on their way in, and those of them that are still on their way. */
size_t crl_members_present(const struct crl_room *room);
size_t crl_members_joining(const struct crl_room *room);

/* supervise.c, leave.c: keep the room until the last login has left. */
_Noreturn void crl_supervise(struct crl_room *room);
void crl_leave(struct crl_room *room, struct crl_member *m);
/* A login on its way in has given up, or its application died: the room is as it was before. @m is gone. */
void crl_join_failed(struct crl_room *room, struct crl_member *m);
/* Who is in has changed: an empty room's time begins, or is over. */
void crl_room_rest(struct crl_room *room);
_Noreturn void crl_end_room(struct crl_room *room);
bool crl_room_is_over(const struct crl_room *room);
/* Processes in the room, init not counted, @most at most; 0 when nobody can tell. */
size_t crl_room_alive(const struct crl_room *room, size_t most);

/* recording.c: the room's record, written anew at each change. */
void crl_room_record(struct crl_room *room);

/*
 * account.c: the host's utmp, wtmp and lastlog stay true. Opening comes before the first login is let in: where it
 * fails it is an error when @required, else the room goes on without (room->accounting is false then), and the log
 * says so.
 */
int crl_room_open_accounting(struct crl_room *room, bool required, struct crl_err *err) CRL_MUST_CHECK;
void crl_room_start_accounting(struct crl_room *room);
int crl_room_account_fd(const struct crl_room *room);
void crl_room_account(struct crl_room *room);
void crl_room_account_end(struct crl_room *room, const char *id);

/* why.c: what stopped a login's processes, for the operator and for the user's next login. */
void crl_room_why_start(struct crl_room *room, const struct crl_job *job);
void crl_room_why_begin(const struct crl_room *room, struct crl_member *m);
void crl_room_why_end(struct crl_room *room, struct crl_member *m);
void crl_room_why_linger(struct crl_room *room);
void crl_room_why_seen(const struct crl_room *room, const char *id);
int64_t crl_clock_ms(void);
void crl_notice_write(struct crl_job *job, char notice[CRL_NOTICE_MAX]);
void crl_notice_given(const struct crl_job *job);
