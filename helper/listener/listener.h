// SPDX-License-Identifier: Apache-2.0
/*
 * The process that serves notifying filters of one room: what its logins are refused it tells, what is to be learned it
 * tallies, and answers as the filter would have. One for a room whose policy tells or is learned, a child of the
 * helper's, made before that gives up its power; it lives until the last process has ended that has such a filter.
 *
 * Runs in: see each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "helper/listener/orders.h"
#include "helper/listener/rate.h"
#include "state/learn/tally.h"
#include "state/why/refused.h"

struct seccomp_notif;

#define LISTENER_LOGINS_MAX 256 /* those of a room (CRL_ROOM_LOGINS_MAX), with those that have left */

/* One login that is served. */
struct listened {
	int fd; /* its filter's listener */
	struct crl_listen_text text;
	char user[CRL_VISIBLE_MAX(CRL_USER_MAX)]; /* as a field */
	int64_t since; /* CLOCK_REALTIME seconds */
	uint64_t refused; /* calls, in all */
	struct crl_rate calls; /* refused ones that are answered at once */
	int64_t wait_until_ms; /* then again; 0 = now */
	struct crl_refusals fresh; /* not on record yet */
};

struct listener {
	int control; /* the supervisor's; -EBADF = it has ended */
	int state; /* STATE */
	int learned, seen; /* STATE/learn, STORE/learn; -EBADF = nothing is learned here */
	int refused; /* STATE/refused */
	int score; /* where refusals are counted; -EBADF = nowhere */
	size_t notif_size, resp_size; /* of the kernel's structs */
	struct listened *login[LISTENER_LOGINS_MAX];
	size_t logins;
	struct crl_tally tally; /* not on record yet; of @policy */
	char policy[CRL_POLICY_NAME_MAX];
	bool learns; /* somebody wants it still */
	struct crl_rate lines; /* of the room, and of each user in it */
	struct listener_user {
		uint32_t uid;
		struct crl_rate lines;
	} user[LISTENER_LOGINS_MAX];
	size_t users;
	bool dirty; /* something is not on record */
	int64_t record_ms; /* when it shall be */
};

/* Who called, as far as it can be told: a process may have ended meanwhile. */
struct listened_caller {
	pid_t pid;
	uint32_t uid;
	char program[CRL_PROGRAM_MAX]; /* of its first thread; hostile text */
};

/*
 * Start it. The caller is root, in the host's namespaces; the child serves until nothing is left to be served.
 * @state_path  STATE
 * @store_path  where what is learned is kept; NULL = nothing is learned
 * @ret_control  to hand it logins by LISTENER records; hung up when it has ended
 * Errors (stage FILTER): -errno.
 */
int crl_listener_start(const char *state_path, const char *store_path, pid_t *ret_pid, int *ret_control,
		       struct crl_err *err) CRL_MUST_CHECK;

/* In the child. */
_Noreturn void crl_listener_run(struct listener *l);

/* Take one notification of a login's and answer it. Returns false when the login is over. */
bool crl_listener_answer(struct listener *l, struct listened *login);

/* Who made a call that was taken and is not answered yet. */
void crl_listener_look(const struct listened *login, const struct seccomp_notif *n, struct listened_caller *ret);

/* One call that was not just allowed: the journal, as often as it may, and what carrelctl why reads. */
void crl_listener_tell(struct listener *l, struct listened *login, const struct listened_caller *who,
		       const struct crl_refused *call, int error);

/* What is not on record yet. @over  the login is, or NULL: what its user met is told at their next */
void crl_listener_record(struct listener *l, struct listened *over);
