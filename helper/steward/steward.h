// SPDX-License-Identifier: Apache-2.0
/*
 * What the steward's parts share: what is waited for, and the duties.
 *
 * Runs in: carrel-steward, one process a host; root with the capabilities of power.c, host namespaces, no descriptor
 * of any login. It has neither no_new_privs nor a filter nor a cut bounding set, since a duty may have to start
 * set-user-ID programs for users; each duty confines its own children.
 * For all duties: its one thread never waits: whatever can block is done in a child that has a deadline.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "state/rooms/record.h"
#include "state/steward.h"
#include "wire/fdpass.h"

struct crl_steward;

/* @fd has @events. It may unwatch and close any descriptor, this one included. */
typedef void crl_watch_ready(struct crl_steward *s, int fd, uint32_t events, void *arg);

struct crl_watch {
	crl_watch_ready *ready; /* NULL = nobody waits for it */
	void *arg;
	uint32_t generation; /* tells who waits for a number from who did before, and from whose event it is */
};

/* One of the things that the steward does. Every member but the name may be NULL. */
struct crl_duty {
	const char *name;
	/* Once, with power. An error is logged, and the steward goes on without this duty. */
	int (*start)(struct crl_steward *s, struct crl_err *err);
	/* When tick() is wanted, by crl_now_ms(); 0 = not. */
	int64_t (*due_ms)(const struct crl_steward *s);
	void (*tick)(struct crl_steward *s, int64_t now_ms);
	/* A child of the steward's has ended; each duty hears of all. */
	void (*reaped)(struct crl_steward *s, pid_t pid, int status);
	/* Is the steward needed for it? */
	bool (*is_busy)(const struct crl_steward *s);
	/*
	 * Look whether it is, by what is there and not by what one has been told: others may take the steward's
	 * place.
	 */
	void (*look)(struct crl_steward *s);
};

struct crl_steward {
	const char *path; /* of the state directory */
	const char *program; /* its own path */
	struct crl_state state;
	int lock;
	uint64_t idle_s; /* how long it stays without being needed */
	int64_t idle_since_ms; /* 0 = it is needed */
	int64_t looked_ms; /* at its own program */
	int64_t look_ms; /* when to look again, since it has worked; 0 = not */
	bool on_duty[8]; /* by index of the table */
	int epoll; /* -EBADF until something is waited for */
	struct crl_watch *watch; /* by number of the descriptor */
	size_t watches;
	bool debug;
	bool house;
	bool over; /* asked to end */
};

/*
 * watch.c: wait for a descriptor, too.
 * @events  of epoll(7)
 * Returns 0 or -errno.
 */
int crl_steward_watch(struct crl_steward *s, int fd, uint32_t events, crl_watch_ready *ready, void *arg) CRL_MUST_CHECK;

/* Before it is closed: a child that was forked meanwhile holds it open, and so its events would go on. */
void crl_steward_unwatch(struct crl_steward *s, int fd);

/* Wait for events, until @due_ms at the most (0 = for ever), and serve them. */
void crl_steward_wait(struct crl_steward *s, int64_t due_ms);

/*
 * life.c: be the only one. Returns 0; -EBUSY another lives; -errno.
 * @inherited  a descriptor that has the lock already, from before an exec; -EBADF = none
 */
int crl_steward_take_lock(struct crl_steward *s, int inherited) CRL_MUST_CHECK;

/* Nobody needs it: give the lock free and @look once more. True when this process may end. */
bool crl_steward_may_end(struct crl_steward *s, bool (*look)(struct crl_steward *s));

/* Become the new program where the old one was replaced. Returns when there is none, or it cannot be started. */
void crl_steward_renew(struct crl_steward *s);

/* house.c: into the mount namespace of the host's PID 1, where it is another; and, by systemd, into carrel.slice. */
void crl_steward_leave_sandbox(void);
void crl_steward_move_house(void);

/* power.c: keep only the capabilities that the duties need. */
int crl_steward_cut_power(struct crl_err *err) CRL_MUST_CHECK;

/* follow.c: rooms show what the host has, while they live. */
extern const struct crl_duty crl_follow_duty;

/* network.c: rooms with a way out stay behind rules, whoever takes these away. */
extern const struct crl_duty crl_network_duty;

/* A room has ended: ports of the host's that led into it are to lead nowhere. */
void crl_steward_room_ended(const struct crl_steward *s);

/* Rooms with a way out ask others for names than before: the rules are to let them. */
void crl_steward_names_changed(void);

/* The sweep comes now and not with a login: what is left of rooms' networks, or is missing, is its to mend. */
void crl_steward_sweep_network(const struct crl_steward *s);

/* errand_duty.c: programs with power, run for users in rooms. */
extern const struct crl_duty crl_errand_duty;
