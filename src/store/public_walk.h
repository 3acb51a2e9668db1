// SPDX-License-Identifier: Apache-2.0
/*
 * The trees of the host that rooms with a root of their own show as they are, looked through for what not everybody may
 * read.
 *
 * A directory whose times say that nothing came, went or was renamed in it is not read again: what an older list says
 * of it holds. Only who changes the mode of a file without replacing it is not seen so; for that all is read anew from
 * time to time.
 *
 * Runs in: helper, its sweep (root).
 */
#pragma once

#include "base/err.h"
#include "base/words.h"
#include "store/public_list.h"

/* What is looked through. */
struct crl_public_trees {
	const char *const *show; /* trees beside those of every host; absolute */
	size_t show_len;
	int root; /* a clone of the host's root, nowhere attached: nothing is mounted in it */
	const struct crl_words *mounts; /* where something is mounted on the host, which is closed; relative to "/" */
};

#define CRL_PUBLIC_NAME_MAX 24

/* A name for what is looked through: of which host, which trees, with what mounted in them. Returns 0 or -errno. */
int crl_public_name(const struct crl_public_trees *trees, char ret[CRL_PUBLIC_NAME_MAX]) CRL_MUST_CHECK;

/*
 * Look through the trees.
 * @old         what was found before; NULL = nothing is known
 * @ret         what is found now, as a text for crl_public_parse()
 * @ret_differ  it is not what @old says
 * Errors (stage MOUNT): -EXDEV a tree is on another file system than the host's root; -EINVAL one of @show cannot be
 * shown; -ENOENT one of them is not there; -errno.
 */
int crl_public_walk(const struct crl_public_trees *trees, const struct crl_public_list *old,
		    struct crl_public_text *ret, bool *ret_differ, struct crl_err *err) CRL_MUST_CHECK;

/* Is a directory, relative to "/", one that is shown as a tree where the host has it on its root's file system? */
bool crl_public_is_tree(int root, const char *path);
