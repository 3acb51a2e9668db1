// SPDX-License-Identifier: Apache-2.0
/*
 * What stack.c, snapshot.c and their kind share: changes of a data directory that are decided by one rename, and what
 * is done with the files in it.
 *
 * Runs in: as stack.h.
 */
#pragma once

#include "store/stack.h"

#define CRL_STACK_NEW_LAYER ".new-layer"
#define CRL_STACK_NEW_TEXT ".new-text"
#define CRL_TRASH_NAME_MAX 17 /* of something in the trash, with NUL */

/* A data directory that is being changed. */
struct crl_stacking {
	int data;
	int layers;
	int trash;
	struct crl_stack now;
	struct crl_snapshots snapshots;
};

#define CRL_STACKING_INIT \
	{ \
		.data = -EBADF, .layers = -EBADF, .trash = -EBADF \
	}

/* What a change does beside its new texts. */
struct crl_stack_change {
	uint32_t freeze; /* the upper becomes this layer, under a new one; 0 = it does not */
	bool discard; /* the upper goes to the trash, and a new one takes its place */
	uint32_t add; /* CRL_STACK_NEW_LAYER becomes this layer; 0 = none does */
};

/* Open it and read it; crl_stack_ready() came before. */
int crl_stacking_begin(int data, struct crl_stacking *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_stacking_done(struct crl_stacking *s);

/* A number that no layer has. Returns 0 or -errno. */
int crl_stacking_number(const struct crl_stacking *s, uint32_t *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Decide and carry out: afterwards s->now and s->snapshots are what the directory says. */
int crl_stacking_change(const struct crl_stacking *s, const struct crl_stack_change *change,
			struct crl_err *err) CRL_MUST_CHECK;

/* CRL_STACK_NEW_LAYER, empty, as the directory @like is. @ret_fd  of it */
int crl_stacking_make_layer(const struct crl_stacking *s, int like, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;

/* Move to the trash what nothing names. */
int crl_stacking_tidy(const struct crl_stacking *s, struct crl_err *err) CRL_MUST_CHECK;

/* Set an error for people. Return @rc, and -EBADMSG. @what as in "cannot ..."; @name of what is not as it should be */
int crl_stacking_fail(struct crl_err *err, int rc, const char *what);
int crl_stacking_damaged(struct crl_err *err, const char *name);

/* Open a directory of the data's. No link is followed. Returns 0 or -errno. */
int crl_stacking_open_dir(int data, const char *path, int *ret_fd) CRL_MUST_CHECK;

/* Returns 1; 0 = there is nothing of that name; -errno: what cannot be told decides nothing. */
int crl_stacking_has(int at, const char *name) CRL_MUST_CHECK;

/* Rename; what is there by the new name stays. Returns 0 or -errno. */
int crl_stacking_move(int from, const char *name, int to, const char *as) CRL_MUST_CHECK;

/* A small regular file. Returns its bytes; -ENOENT; -EBADMSG it is something else; -errno. */
ssize_t crl_stacking_read(int data, const char *name, char *buf, size_t size) CRL_MUST_CHECK;

/* The same is replaced, on the disk, and is the data's owner's. Returns 0 or -errno. */
int crl_stacking_write(int data, const char *name, const char *text, size_t len) CRL_MUST_CHECK;

/* A new name in the trash, and what goes there by one. Return 0 or -errno. */
int crl_stacking_trash_name(char ret[CRL_TRASH_NAME_MAX]) CRL_MUST_CHECK;
int crl_stacking_trash(int trash_dir, int at, const char *name) CRL_MUST_CHECK;

/* A new directory of the data's owner, or as @like says; one that is there becomes so. @ret_fd of it */
int crl_stacking_make_dir(int data, const char *name, const struct crl_stack_top *like, int *ret_fd) CRL_MUST_CHECK;

/* Attributes that a merged directory shows of itself: its ACLs and the user's own. Returns 0 or -errno. */
int crl_stacking_copy_attributes(int from, int to) CRL_MUST_CHECK;
