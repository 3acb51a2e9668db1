// SPDX-License-Identifier: Apache-2.0
/*
 * Into the room's namespaces and back: nobody else calls setns() to enter a room.
 *
 * Runs in: who adopts or visits a room, as root. Trusts: a descriptor only after the kernel said what it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/nskind.h"
#include "door/cwd.h"

/* The namespaces the application came from. */
struct crl_origin {
	int dir; /* /proc/self/ns of the host's procfs: tells where we are even inside the room */
	uint32_t mask; /* CRL_NS_BIT()s that the room has of its own */
	int fd[CRL_NS_COUNT]; /* one for each bit of the mask, else -EBADF */
	ino_t ino[CRL_NS_COUNT]; /* 0 where the mask has no bit */
};

/*
 * In two steps, since the first takes time that passes anyway while the helper starts: crl_origin_save() remembers
 * every namespace that this kernel has, crl_origin_choose() keeps what the room turns out to need.
 */

#define CRL_ORIGIN_NONE \
	{ \
		.dir = -EBADF, .fd = { [0 ... CRL_NS_COUNT - 1] = -EBADF } \
	}

/* Remember where we are. @ret starts as CRL_ORIGIN_NONE; crl_origin_done() frees it in any case. Stage: ADOPT. */
int crl_origin_save(struct crl_origin *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Errors (stage ADOPT): -ENOENT a namespace of the mask could not be opened. */
int crl_origin_choose(struct crl_origin *o, uint32_t mask, struct crl_err *err) CRL_MUST_CHECK;
void crl_origin_done(struct crl_origin *o);

/*
 * Join every namespace of the mask by one setns(), but for that of cgroups: it is a new one, whose root is the cgroup
 * that the caller is in. Errors (stage ADOPT): setns()'s errno with nothing joined, unshare()'s with all joined.
 */
int crl_origin_leave(const struct crl_origin *o, int pidfd, struct crl_err *err) CRL_MUST_CHECK;

/* Read back that each is another one than before. Errors (stage ADOPT): -EXDEV one is not (the caller goes back). */
int crl_origin_has_left(const struct crl_origin *o, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Go back.
 * @pidfd  of a process in the namespaces of the origin, the way that the filter leaves open; negative = none
 * Returns 0 when each namespace is the one it was; else -EXDEV (stage ADOPT).
 */
int crl_origin_return(const struct crl_origin *o, int pidfd, struct crl_err *err) CRL_MUST_CHECK;

/* What leads home from another call: no descriptor, since those are the application's to close, and numbers change. */
struct crl_way_home {
	uint32_t mask; /* CRL_NS_BIT()s that were joined */
	ino_t ino[CRL_NS_COUNT]; /* of the host's, 0 where the mask has no bit */
	struct crl_cwd cwd; /* path "" = none */
	bool has_cwd; /* else the directory stays as it is */
};

/* Note it, before the origin is left. @cwd  NULL = the directory does not matter */
void crl_origin_way_home(const struct crl_origin *o, const struct crl_cwd *cwd, struct crl_way_home *ret);

/*
 * Go back by the pidfd of the supervisor, whose namespaces are the host's: with this flags word the filter lets setns()
 * through. False when the caller is not where it came from.
 */
bool crl_way_home_take(const struct crl_way_home *w, int supervisor);
