// SPDX-License-Identifier: Apache-2.0
/*
 * What the parts of the mount planner share: the plan being written and where a path of the room comes from.
 *
 * Pure; inside src/plan only.
 */
#pragma once

#include "plan/mounts.h"

#define CRL_PLACES_MAX 8

/* A directory of the room that the plan makes itself; what is mounted beneath it needs a place made in its
 * tree. */
struct crl_place {
	const char *path; /* in the room, "/run" */
	enum crl_tree tree;
	const char *dir; /* in the tree, "run" */
};

struct crl_build {
	const struct crl_policy *policy;
	const struct crl_login *login;
	const struct crl_host *host;
	struct crl_mount_plan *plan;
	struct crl_err *err;
	struct crl_place fixed[CRL_PLACES_MAX];
	size_t fixed_len;
	struct crl_place
		*hidden; /* one for each entry of policy->hide; dir is NULL where the shared empty one does */
	size_t hidden_len;
};

/* Append a step. Returns 0 or -ENOMEM (stage MOUNT). */
int crl_build_add(struct crl_build *b, const struct crl_mount_op *op) CRL_MUST_CHECK;

#define CRL_ADD(b, ...) crl_build_add(b, &(const struct crl_mount_op){__VA_ARGS__})

/* A text that the plan keeps, or NULL when memory is out (recorded in b->err). */
const char *crl_build_text(struct crl_build *b, const char *fmt, ...) CRL_PRINTF(2, 3);

/* True when the room gets its own thing at @path whatever the policy says. */
bool crl_build_is_fixed(const struct crl_build *b, const char *path);

/* True when an entry of the policy's hide list stands at @path or above it, entry @except left out. */
bool crl_build_is_hidden(const struct crl_build *b, const char *path, size_t except);

/*
 * Where the place for a mount on @target has to be made.
 * @ret_tree   CRL_TREE_NONE when the room's root has to have it already
 * @ret_place  path in the tree
 * Returns 0 or -ENOMEM.
 */
int crl_build_place(struct crl_build *b, const char *target, enum crl_tree *ret_tree,
		    const char **ret_place) CRL_MUST_CHECK;

/* Append @op with its place worked out from op->target. */
int crl_build_add_placed(struct crl_build *b, struct crl_mount_op op) CRL_MUST_CHECK;

/* CRL_OP_EXEC where programs can be run from @path on the host, too. */
uint32_t crl_build_exec(const struct crl_build *b, const char *path);

/* The parts, in the order they are called. */
int crl_build_system(struct crl_build *b) CRL_MUST_CHECK; /* the tmpfs trees and what is in them */
int crl_build_root(struct crl_build *b) CRL_MUST_CHECK; /* root, kept mounts, writable, read-only */
/* The hide list; @kernel: what is in /proc and /sys. */
int crl_build_hide(struct crl_build *b, bool kernel) CRL_MUST_CHECK;
int crl_build_sockets(struct crl_build *b) CRL_MUST_CHECK; /* sockets of the host that nobody offers */
int crl_build_kernel(struct crl_build *b) CRL_MUST_CHECK; /* /proc, /sys, /dev */
int crl_build_show(struct crl_build *b) CRL_MUST_CHECK; /* /run, /tmp and their kind, /var/log, /etc/hosts */
int crl_build_binds(struct crl_build *b) CRL_MUST_CHECK;
int crl_build_home_open(struct crl_build *b) CRL_MUST_CHECK;
int crl_build_home(struct crl_build *b) CRL_MUST_CHECK;
