// SPDX-License-Identifier: Apache-2.0
/*
 * What the files that make a room without root share.
 *
 * Two processes make it. The first stays outside: it is what started carrel-shell knows, passes signals on and ends as
 * the room ends. The second is the room's init. They have a socket between them, and what goes over it is a struct
 * alone_word. Inside of src/shell/alone only.
 */
#pragma once

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "plan/mounts/plan.h"
#include "plan/net/resolv.h"
#include "shell/call.h"
#include "wire/login.h"

struct crl_published;

struct alone_tty {
	int fd; /* one of 0 to 2 that is a terminal; -1 = none is */
	bool own; /* it is our controlling terminal, and we led the session: it is the room's from then on */
	bool front; /* it is our controlling terminal, and we are in its foreground */
	char name[64]; /* "/dev/pts/3"; "" = it has none here */
};

/* A home that is kept, where the policy has one. Descriptors, -EBADF: none. */
struct alone_kept {
	int lock; /* held while a room is made, so that no two are at once */
	int use; /* held, shared, while the room lives; it says who has its mount */
	int data; /* the user's directory with the changes, or */
	int mount; /* the home of another room */
	int ns_user, ns_mnt; /* the room's own, held by the outer process for the next one */
};

struct alone_room {
	struct crl_published *published;
	const struct crl_shell_call *call;
	struct crl_login login;
	struct crl_host host;
	struct crl_mount_plan plan;
	struct alone_tty tty;
	sigset_t mask; /* as it was found */
	char cwd[PATH_MAX];
	char said[320]; /* what is not held, in one line; "" = nothing */
	int channel; /* to the other of the two */
	struct alone_kept kept;
	struct crl_nat_resolv resolv; /* of a room with a way out */
	pid_t pasta; /* who is that way; 0 = nobody */
	uint64_t grace_s;
	pid_t init;
	int init_pidfd;
};

enum alone_kind {
	ALONE_MAPPED = 1, /* outer to init: the user namespace has its ids */
	ALONE_SIGNAL, /* outer to init: @value for the shell's process group */
	ALONE_STANDS, /* init to outer: the shell runs */
	ALONE_REFUSED, /* init to outer: @err */
	ALONE_STOPPED, /* init to outer: the shell has stopped itself */
	ALONE_ENDED, /* init to outer: @value is its wait status */
};

struct alone_word {
	int kind; /* enum alone_kind */
	int value;
	struct crl_err err;
};

/* What the room was made from is not needed while it lives; both processes are small then. */
void alone_forget(struct alone_room *room);

/* One word. Returns 0 or -errno; -EPIPE the other is gone. */
int alone_say(int channel, const struct alone_word *word) CRL_MUST_CHECK;
int alone_hear(int channel, struct alone_word *ret) CRL_MUST_CHECK;

/* facts.c: has the user whom it is published for that number yet, as far as passwd says? */
int alone_prove_name(const struct crl_published *p, struct crl_err *err) CRL_MUST_CHECK;

/* facts.c: who it is, what the host is like, and the plan. */
int alone_look(struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;

/*
 * kept.c: the user's directory for what they change in their home, or the home of a room that shows it already; before
 * alone_look(). Errors: -EPERM it is not the user's alone; -EBUSY another room is on its way for too long, or cannot be
 * entered; -errno.
 */
int alone_kept_open(struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;
/* In the outer process: when init is there, before it closes itself; and when the room stands, for the next one. */
int alone_kept_hold(struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;
void alone_kept_stands(struct alone_room *room);

/*
 * way.c: a network with a way out, where the policy has one; else they do nothing. Before the plan: what the way
 * needs is there, and the room's resolv.conf.
 */
int alone_way_look(struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;
/* In the outer process, when init has its ids: start pasta for its network. When that is not there, the room is not. */
int alone_way_open(struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;
/* In init, while it has power over that network. */
int alone_way_guard(const struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;
/* In the outer process, when a child has ended: say it if that was pasta. And when the room has: it is ended. */
void alone_way_watch(struct alone_room *room);
void alone_way_close(struct alone_room *room);

/* prove.c: what the plan opens by name is root's on the way, asked while root has its own number. */
int alone_prove(const struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;

/* limits.c: what can be held by a control group or the kernel's own limits; @can says whether that was one. */
int alone_limit(struct alone_room *room, bool *ret_cgroup, struct crl_err *err) CRL_MUST_CHECK;

/*
 * scope.c: into a control group of the user's service manager, with the limits set there. False: there is none, or it
 * did not hold.
 */
bool alone_scope_enter(const struct alone_room *room) CRL_MUST_CHECK;

/* In init, before the second user namespace. */
int alone_limit_tasks(const struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;

/* tty.c: look at the terminal, and let go of it where the room shall have it. */
void alone_tty_look(struct alone_tty *tty);
int alone_tty_leave(struct alone_tty *tty, struct crl_err *err) CRL_MUST_CHECK;
/* In the room: a session of its own, or what there can be of one. */
int alone_tty_take(const struct alone_tty *tty, struct crl_err *err) CRL_MUST_CHECK;

/* spaces.c: begin init in new namespaces; in the outer process after that, its ids. */
int alone_spaces_begin(struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;

/* init.c: the room's init; ends in it. */
_Noreturn void alone_init(struct alone_room *room);

/* last.c: the shell's process, in the room: gives up all power and runs it. @err of a step that failed. */
int alone_last(const struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;

/* life.c: the outer process while the room lives. Returns only when nothing has been run. */
int alone_live(struct alone_room *room, struct crl_err *err) CRL_MUST_CHECK;
