// SPDX-License-Identifier: Apache-2.0
/*
 * What takes part in a room's life: one row for each, in one order. A feature plugs in here, and says in the same place
 * how what it makes goes away again: after a failure, at a login's end, at the room's, and behind a process that was
 * killed. tests/unit/helper/test_parts.c walks the rows and asks each for that.
 *
 * Every member that is a function may be NULL. Within one member the rows are called in the order of crl_parts[]; undo
 * in the reverse order. A function that returns an error refuses the login, and the rest of that member is not called.
 *
 *   member      who runs it, with what power              when
 *   admit       helper, root                              the policy is known; whose room it will be is not
 *   look        helper, root                              what the plan of a new room's mounts has to know of the host
 *   prepare     helper, root                              before anything else of a new room costs something
 *   equip       helper, root                              its init mounts meanwhile
 *   in_room     init, before it gives up its power        its mounts stand
 *   stand       helper, root                              init stands, nobody is in
 *   keep        helper, root                              the application goes in meanwhile; it cannot fail
 *   settle      helper, root                              the last moment with power
 *   begin       supervisor, in its sandbox                a further login is in (the first is in at "keep")
 *   end         supervisor, in its sandbox                a login leaves a room that goes on; its cgroup is there still
 *   watch       supervisor, in its sandbox                before each wait: what it waits for, and until when
 *   retry       supervisor, in its sandbox                after each: what is due
 *   closing     supervisor, in its sandbox                the room ends; all that is in it is there still
 *   room_end    supervisor, in its sandbox                nothing runs in it; those who close have no answer yet
 *   undo        helper, root                              a failure, after any of those above "begin"
 *   sweep       a helper of its own, root                 what a helper or supervisor that was killed has left
 */
#pragma once

#include <stddef.h>

#include "base/scope.h"

struct crl_err;
struct crl_host;
struct crl_init_args;
struct crl_job;
struct crl_kept;
struct crl_member;
struct crl_mount_plan;
struct crl_sweeping;
struct crl_watches;

#define CRL_LEAVES_NOTHING ""

struct crl_part {
	const char *name;
	int (*admit)(struct crl_job *job, struct crl_err *err);
	int (*look)(const struct crl_job *job, struct crl_host *host, struct crl_err *err);
	int (*prepare)(struct crl_job *job, struct crl_kept *room, struct crl_err *err);
	/* @init  the helper's end of the socket to init */
	int (*equip)(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		     struct crl_err *err);
	/* @sys  crl_settings_open() from before the room's root */
	int (*in_room)(const struct crl_init_args *args, int sys, struct crl_err *err);
	int (*stand)(struct crl_job *job, struct crl_kept *room, struct crl_err *err);
	void (*keep)(struct crl_job *job, struct crl_kept *room);
	void (*settle)(struct crl_job *job, struct crl_kept *room);
	/* @helper  its connection, which ends when the login is on record */
	void (*begin)(struct crl_kept *room, struct crl_member *m, int helper);
	void (*end)(struct crl_kept *room, struct crl_member *m);
	void (*watch)(struct crl_kept *room, struct crl_watches *w);
	void (*retry)(struct crl_kept *room);
	void (*closing)(struct crl_kept *room);
	void (*room_end)(struct crl_kept *room);
	/*
	 * As often as it is called, and whether or not there is something to undo.
	 * @room  NULL = it goes on, or is somebody else's: only what is the login's own
	 */
	void (*undo)(struct crl_job *job, struct crl_kept *room);
	/* The first error of all is told. */
	int (*sweep)(struct crl_sweeping *s, struct crl_err *err);

	/* Instead of a function: why none is needed. */
	const char *undo_not;
	const char *end_not; /* neither end, closing nor room_end */
	/* What stays on the host when its process is killed at the wrong moment: a place, or CRL_LEAVES_NOTHING. */
	const char *leaves;
	const char *sweep_not;
};

extern const struct crl_part *const crl_parts[]; /* NULL behind the last */

extern const struct crl_part crl_part_steward, crl_part_seats, crl_part_limits, crl_part_gate, crl_part_systemd,
	crl_part_settings, crl_part_network, crl_part_filter, crl_part_listener, crl_part_user, crl_part_root,
	crl_part_public, crl_part_home, crl_part_values, crl_part_errands, crl_part_stage, crl_part_accounting,
	crl_part_outer, crl_part_why, crl_part_linger, crl_part_image, crl_part_recording;

/* Each calls that member of every row. Errors: the first, with which it ends. */
int crl_parts_admit(struct crl_job *job, struct crl_err *err) CRL_MUST_CHECK;
int crl_parts_look(const struct crl_job *job, struct crl_host *host, struct crl_err *err) CRL_MUST_CHECK;
int crl_parts_prepare(struct crl_job *job, struct crl_kept *room, struct crl_err *err) CRL_MUST_CHECK;
int crl_parts_equip(struct crl_job *job, struct crl_kept *room, const struct crl_mount_plan *mounts, int init,
		    struct crl_err *err) CRL_MUST_CHECK;
int crl_parts_in_room(const struct crl_init_args *args, int sys, struct crl_err *err) CRL_MUST_CHECK;
int crl_parts_stand(struct crl_job *job, struct crl_kept *room, struct crl_err *err) CRL_MUST_CHECK;
void crl_parts_keep(struct crl_job *job, struct crl_kept *room);
void crl_parts_settle(struct crl_job *job, struct crl_kept *room);
void crl_parts_begin(struct crl_kept *room, struct crl_member *m, int helper);
void crl_parts_end(struct crl_kept *room, struct crl_member *m);
void crl_parts_watch(struct crl_kept *room, struct crl_watches *w);
void crl_parts_retry(struct crl_kept *room);
void crl_parts_closing(struct crl_kept *room);
void crl_parts_room_end(struct crl_kept *room);
void crl_parts_undo(struct crl_job *job, struct crl_kept *room);

/* All of them, whatever fails. */
int crl_parts_sweep(struct crl_sweeping *s, struct crl_err *err) CRL_MUST_CHECK;
