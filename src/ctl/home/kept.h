// SPDX-License-Identifier: Apache-2.0
/*
 * A kept home or root, opened for a command: whose it is, may the command go on while they are in, and its layers.
 *
 * Runs in: carrelctl, root. What is wrong is said here, on standard error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "ctl/command.h"
#include "ctl/home/worker.h"
#include "layers/view.h"
#include "store/entry.h"
#include "store/stack.h"
#include "wire/login.h"

/* What a command does to it. */
enum ctl_kept_need {
	CTL_KEPT_READ, /* looks: also while the user is in */
	CTL_KEPT_TIDY, /* removes what nobody sees: also while the user is in; finishes what was interrupted when not */
	CTL_KEPT_GROW, /* changes what nobody in a room sees change: also while the user is in */
	CTL_KEPT_CHANGE, /* only while the user is out, and keeps logins waiting meanwhile */
};

struct ctl_kept {
	struct crl_login login; /* whose it is, as the name service has them now */
	char base[CRL_ENTRY_BASE_MAX]; /* of a root; "" = it is a home */
	struct crl_store store;
	struct crl_entry entry;
	char *store_path;
	struct crl_lowers lowers;
	int use; /* held alone; -EBADF: the command only reads */
	off_t use_size; /* the file of it had; a login that waits makes it longer */
	int data; /* the data directory, a mount of its own */
	int home; /* the real home, a mount of its own without what is mounted in it; -EBADF: not opened */
	bool over_home; /* the lower is the real home and nothing else */
	struct crl_stack stack;
	struct crl_snapshots snapshots;
	struct crl_layers layers; /* upper, frozen layers, lowers; .len = 0: not opened */
};

#define CTL_KEPT_INIT \
	{ \
		.store = {.dir = -EBADF}, .entry = CRL_ENTRY_INIT, .use = -EBADF, .data = -EBADF, .home = -EBADF \
	}

/* "home" or "root", as the commands are called. */
const char *ctl_kept_word(const struct ctl *c);

/*
 * Open what c->subject names: USER, or USER:BASE of a root.
 * @ret  to be given back by ctl_kept_done() in any case
 * Returns CTL_YES; else what is wrong has been said: CTL_NO nothing is kept for them, CTL_FAIL they are in or the
 * system would not.
 */
enum ctl_exit ctl_kept_open(const struct ctl *c, enum ctl_kept_need need, struct ctl_kept *ret);
void ctl_kept_done(struct ctl_kept *k);

/*
 * Open its layers, as they were last mounted.
 * @since  a snapshot: what came after it is new; NULL = all above the lower is
 */
enum ctl_exit ctl_kept_layers(const struct ctl *c, struct ctl_kept *k, const char *since);

/* The same once more, when what is below the upper has been changed meanwhile. */
enum ctl_exit ctl_kept_layers_again(const struct ctl *c, struct ctl_kept *k);

/* The upper, some frozen layers, and what they lie over. */
enum ctl_exit ctl_kept_layers_of(const struct ctl *c, struct ctl_kept *k, const struct crl_stack *stack);

/* How many of the layers came after the snapshot. Returns false: it is not below the present ones. */
bool ctl_kept_since(const struct ctl_kept *k, const struct crl_snapshot *s, size_t *ret);

/*
 * Do something in a process of the user's, which keeps the layers, and those of @work->fd.
 * A login that wants the home stops it, where the command changes something.
 */
int ctl_kept_work(const struct ctl *c, struct ctl_kept *k, const struct ctl_task *work,
		  struct crl_err *err) CRL_MUST_CHECK;

/* In the worker: is it told to stop, or does somebody want to log in? */
bool ctl_kept_stop(const struct ctl_kept *k);

/* What a snapshot is called that is made of what is replaced: "before-DATE-TIME". False: there is no clock. */
bool ctl_kept_name_before(char ret[CRL_SNAPSHOT_NAME_MAX]);

/*
 * Ask on the terminal whether to go on: "what? [y/N]". Without a terminal only --yes does.
 * Returns true; else it has been said what was not done.
 */
bool ctl_kept_confirm(const struct ctl *c, const char *fmt, ...) CRL_PRINTF(2, 3);
