// SPDX-License-Identifier: Apache-2.0
/*
 * What the parts of renewing share.
 *
 * Runs in: see renew.h; inside src/apply only.
 */
#pragma once

#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "apply/mounts/mounting.h"
#include "apply/mounts/renew.h"

/* What stands at a path in one of the two namespaces. */
struct crl_side {
	int fd; /* -EBADF = nothing is held */
	int rc; /* 0; -ENOENT; another -errno: it cannot be said */
	bool is_mount; /* it is the root of a mount */
	struct stat st;
};

void crl_side_done(struct crl_side *s);
void crl_side_look(int root, const char *path, bool follow, struct crl_side *ret);
bool crl_side_is_same(const struct crl_side *a, const struct crl_side *b);

/* Note what failed. Returns @rc. */
int crl_renewal_fail(struct crl_renewal *w, int rc, const char *step);

/* Be in one of the namespaces. @ret_root  its root; what it held before is closed */
int crl_renewal_enter(struct crl_renewal *w, int ns, int *ret_root) CRL_MUST_CHECK;

/* Put @clone there instead of what is mounted, or on what is not. */
int crl_renewal_replace(struct crl_renewal *w, const struct crl_mount_op *op, int root, int clone,
			struct crl_side *room) CRL_MUST_CHECK;

/*
 * Put @clone beneath what is mounted there, which then goes, so that the name is never without.
 * Returns 1; 0: this kernel cannot (before Linux 6.5), all is as it was; -errno.
 */
int crl_renewal_slip(struct crl_renewal *w, const struct crl_mount_op *op, int root, int clone,
		     const struct crl_side *room) CRL_MUST_CHECK;

/* A whole text file; "" = it is none, or longer. Returns its bytes. */
size_t crl_renewal_read(const struct crl_renewal *w, const struct crl_side *s, char *buf, size_t size);

/*
 * A file of the room's own in its place, read-only, without a name once it is mounted.
 * @text  NULL = it cannot be opened
 * What is in a directory of a user's has a cover, and never goes without.
 * Returns 1; 0: it stays as it was; -errno.
 */
int crl_renewal_put_file(struct crl_renewal *w, const struct crl_mount_op *op, int root, const char *text,
			 struct crl_side *room) CRL_MUST_CHECK;

/* renew_place.c: places for mounts in the room's own trees, which it may see read-only. Errors: -EXDEV it is none. */
int crl_renew_place(struct crl_renewal *w, const struct crl_mount_op *op, int root, bool is_dir) CRL_MUST_CHECK;
int crl_renew_place_link(struct crl_renewal *w, const struct crl_mount_op *op, int root, const char *to) CRL_MUST_CHECK;
/* What cannot be removed stays; it is empty. */
void crl_renew_place_away(struct crl_renewal *w, const struct crl_mount_op *op, int root);

/* renew_cover.c */
int crl_renew_read_only(struct crl_renewal *w, const struct crl_mount_op *op) CRL_MUST_CHECK;
int crl_renew_cover(struct crl_renewal *w, const struct crl_mount_op *op) CRL_MUST_CHECK;
int crl_renew_socket(struct crl_renewal *w, const struct crl_mount_op *op) CRL_MUST_CHECK;
int crl_renew_hosts(struct crl_renewal *w, const struct crl_mount_op *op) CRL_MUST_CHECK;
int crl_renew_resolv(struct crl_renewal *w, const struct crl_mount_op *op) CRL_MUST_CHECK;
int crl_renew_users(struct crl_renewal *w, const struct crl_mount_op *op) CRL_MUST_CHECK;
