// SPDX-License-Identifier: Apache-2.0
/*
 * Into the room's namespaces and back.
 *
 * Runs in: the PAM application, as root. Trusts: a descriptor only after the kernel said what it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/err.h"
#include "proto/nskind.h"

/* The namespaces the application came from. */
struct crl_origin {
	int dir;                   /* /proc/self/ns of the host's procfs: tells where we are even inside the room */
	uint32_t mask;             /* CRL_NS_BIT()s that the room has of its own */
	int fd[CRL_NS_COUNT];      /* one for each bit of the mask, else -EBADF */
	ino_t ino[CRL_NS_COUNT];   /* 0 where the mask has no bit */
};

/*
 * In two steps, since the first takes time that passes anyway while the helper starts: crl_origin_save() remembers
 * every namespace that this kernel has, crl_origin_choose() keeps what the room turns out to need.
 */

#define CRL_ORIGIN_NONE {.dir = -EBADF, .fd = {[0 ... CRL_NS_COUNT - 1] = -EBADF}}

/* Remember where we are. @ret starts as CRL_ORIGIN_NONE; crl_origin_done() frees it in any case. Stage: ADOPT. */
int crl_origin_save(struct crl_origin *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Errors (stage ADOPT): -ENOENT a namespace of the mask could not be opened. */
int crl_origin_choose(struct crl_origin *o, uint32_t mask, struct crl_err *err) CRL_MUST_CHECK;
void crl_origin_done(struct crl_origin *o);

/*
 * Prove that a descriptor is a pidfd of a living process that is not this one.
 * Errors (stage ADOPT): -EBADF no pidfd; -ESRCH its process is gone; -EINVAL it is ours.
 */
int crl_pidfd_prove(int pidfd, struct crl_err *err) CRL_MUST_CHECK;

/* Join every namespace of the mask by one setns(). Errors (stage ADOPT): setns()'s errno with nothing joined. */
int crl_origin_leave(const struct crl_origin *o, int pidfd, struct crl_err *err) CRL_MUST_CHECK;

/* Read back that each is another one than before. Errors (stage ADOPT): -EXDEV one is not (the caller goes back). */
int crl_origin_has_left(const struct crl_origin *o, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Go back.
 * @pidfd  of a process in the namespaces of the origin, the way that the filter leaves open; negative = none
 * Returns 0 when each namespace is the one it was; else -EXDEV (stage ADOPT).
 */
int crl_origin_return(const struct crl_origin *o, int pidfd, struct crl_err *err) CRL_MUST_CHECK;

/* True when the namespaces under the /proc of now are @ino, the zero ones aside. */
bool crl_namespaces_are(const ino_t ino[CRL_NS_COUNT]);
