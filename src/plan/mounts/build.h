// SPDX-License-Identifier: Apache-2.0
/*
 * What the parts of the mount planner share: the plan being written and where a path of the room comes from.
 *
 * Pure; inside src/plan only.
 */
#pragma once

#include "plan/mounts/plan.h"
#include "policy/places.h"

/* A directory of the room that the plan makes itself; what is mounted beneath it needs a place made in its
 * tree. */
struct crl_build_fixed {
	const char *path; /* in the room, "/run" */
	enum crl_tree tree;
	const char *dir; /* in the tree, "run" */
};

/* Is what passwd(5) names a home that the room has? */
enum crl_build_home_kind {
	CRL_HOME_OWN, /* if it is there it has to be the user's */
	CRL_HOME_PERHAPS, /* of a system account, or in a system's place: if it is not the user's, the room has none */
	CRL_HOME_NONE, /* by its path alone */
};

struct crl_build {
	const struct crl_policy *policy;
	const struct crl_login *login;
	const struct crl_host *host;
	struct crl_mount_plan *plan;
	struct crl_err *err;
	struct crl_build_fixed fixed[CRL_OWN_COUNT];
	size_t fixed_len;
	struct crl_build_fixed
		*hidden; /* one for each entry of policy->hide; dir is NULL where the shared empty one does */
	size_t hidden_len;
	enum crl_build_home_kind kind; /* from crl_build_home_judge() on */
};

/* Append a step. Returns 0 or -ENOMEM (stage MOUNT). */
int crl_build_add(struct crl_build *b, const struct crl_mount_op *op) CRL_MUST_CHECK;

#define CRL_ADD(b, ...) crl_build_add(b, &(const struct crl_mount_op){__VA_ARGS__})

/* A text that the plan keeps, or NULL when memory is out (recorded in b->err). */
const char *crl_build_text(struct crl_build *b, const char *fmt, ...) CRL_PRINTF(2, 3);

/* hide.c: true when the room shows nothing of the host's at @path, since what is hidden is nearest to it. */
bool crl_build_is_hidden(const struct crl_build *b, const char *path);

/* hide.c: an entry of a list that lies beneath what is hidden, or bound, or the home: its turn is after that. */
bool crl_build_comes_later(const struct crl_build *b, const char *path);

/* users.c: what hide_users makes of @path of the host, as a path of the sealed tree; NULL = nothing, it is shown. */
const char *crl_build_instead(const struct crl_build *b, const char *path);

/* users.c: true when an image gets the host's at that path, so that its own is not seen. */
bool crl_build_is_brought(const struct crl_build *b, const char *path);

/* hide.c: the step for an entry of root.writable_paths. */
struct crl_mount_op crl_build_writable(const struct crl_build *b, const char *path);

/* root.c: will the plan show the host's own at @path, as the host has it? What is covered anyway need not be there. */
bool crl_build_is_needed(const struct crl_build *b, const char *path);

/* root.c: where in the system tree what is written to the root goes. */
const char *crl_build_upper_place(const struct crl_build *b);

/* Append @op with its place worked out from op->target. */
int crl_build_add_placed(struct crl_build *b, struct crl_mount_op op) CRL_MUST_CHECK;

/* True when @path is in the home for certain, and so comes along with it. */
bool crl_build_is_home(const struct crl_build *b, const char *path);

/* CRL_OP_EXEC where programs can be run from @path on the host, too. */
uint32_t crl_build_exec(const struct crl_build *b, const char *path);

/* The parts, in the order they are called. */
int crl_build_system(struct crl_build *b) CRL_MUST_CHECK; /* the tmpfs trees and what is in them */
int crl_build_last(struct crl_build *b) CRL_MUST_CHECK; /* files for carrel-shell */
int crl_build_last_program(struct crl_build *b) CRL_MUST_CHECK; /* and itself, where an image has it not */
int crl_build_launcher(struct crl_build *b) CRL_MUST_CHECK; /* last.c: of ambient capabilities */
int crl_build_proof(struct crl_build *b) CRL_MUST_CHECK; /* last.c: that no other file gives any */
int crl_build_root(struct crl_build *b) CRL_MUST_CHECK; /* root, kept mounts, writable, read-only */
int crl_build_alone(struct crl_build *b) CRL_MUST_CHECK; /* the host's root, where nobody is root */
int crl_build_users(struct crl_build *b) CRL_MUST_CHECK; /* files that tell of no other user, to be shown */
int crl_build_brought(struct crl_build *b) CRL_MUST_CHECK; /* these, and what else an image gets of the host's */
int crl_build_steering(struct crl_build *b) CRL_MUST_CHECK; /* what steers root stays what it is */
int crl_build_list_hidden(struct crl_build *b) CRL_MUST_CHECK; /* first: others ask what is hidden */
/* The hide list, and what is shown beneath it; @kernel: what is in /proc and /sys. */
int crl_build_hide(struct crl_build *b, bool kernel) CRL_MUST_CHECK;
int crl_build_sockets(struct crl_build *b) CRL_MUST_CHECK; /* sockets of the host that nobody offers */
int crl_build_kernel(struct crl_build *b) CRL_MUST_CHECK; /* /proc, /sys, /dev */
int crl_build_devices(struct crl_build *b) CRL_MUST_CHECK; /* what /dev has where no device can be made */
int crl_build_show(struct crl_build *b) CRL_MUST_CHECK; /* /run, /tmp and their kind, /var/log, /etc/hosts */
int crl_build_nest(struct crl_build *b) CRL_MUST_CHECK; /* so that a nested /proc can be mounted */
int crl_build_errands(struct crl_build *b) CRL_MUST_CHECK; /* the client over programs, and the steward's socket */
int crl_build_binds(struct crl_build *b) CRL_MUST_CHECK; /* and what stands beneath them */
int crl_build_inside(struct crl_build *b) CRL_MUST_CHECK; /* the view of who is in the room's user namespace */
int crl_build_home_judge(struct crl_build *b) CRL_MUST_CHECK; /* sets kind, and the plan's homeless */
int crl_build_home_open(struct crl_build *b) CRL_MUST_CHECK;
int crl_build_home(struct crl_build *b) CRL_MUST_CHECK;
