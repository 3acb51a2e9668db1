// SPDX-License-Identifier: Apache-2.0
/*
 * What the store has lent to a room: an entry of its user's, with its data, or another room's mount of it.
 *
 * The order, which no two logins mix up, since the entry's `lock` is held from its begin until the room stands and is
 * noted: share `use`; make that alone, if that can be: then nobody shows the entry, and its data are mounted anew; else
 * a room that lives gives a clone of its mount; else that room is just ending, and it is asked again.
 *
 * Runs in: helper (root, host namespaces); what stays of it, `use`, in the supervisor.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "store/entry.h"
#include "store/stack.h"
#include "store/store.h"

struct crl_form_wish;
struct crl_job;
struct crl_kept;

struct crl_lent {
	struct crl_store store;
	struct crl_entry entry; /* its lock is held until the room is noted */
	int use; /* holds that lock, shared; -EBADF = nothing is lent */
	int data; /* the data directory, a mount that is nowhere attached; -EBADF = another room gave its own mount */
	bool anew; /* the upper was made by this login */
	int shared; /* that room's mount, a clone; -EBADF = none gave one */
	uint32_t layer[CRL_STACK_MAX]; /* with @data: what is below its upper, youngest first */
	size_t layers;
	pid_t from_init; /* whose mount it is */
	uint64_t from_start;
};

#define CRL_LENT_INIT \
	{ \
		.store.dir = -EBADF, .entry = CRL_ENTRY_INIT, .use = -EBADF, .data = -EBADF, .shared = -EBADF \
	}

struct crl_lent_wish {
	const char *store; /* path; lives as long as what is lent */
	struct crl_entry_key key;
	const struct crl_form_wish *form; /* of an entry that is new */
	const struct crl_stack_top *top; /* the same of its upper */
	const char *const *lower; /* lines for the entry's `lower` */
	size_t lowers;
};

/*
 * Lend an entry.
 * @ret  begins with CRL_LENT_INIT; crl_lent_give_back() in any case
 * Errors (stage HOME): -EBUSY somebody is at work in it, or shows it and does not give it, for longer than the login
 * has; those of the store.
 */
int crl_lent_take(struct crl_job *job, const struct crl_lent_wish *wish, struct crl_lent *ret,
		  struct crl_err *err) CRL_MUST_CHECK;

/*
 * Clone another mount of the room that gave its own.
 * @at  where it is there
 * Returns 0, -ENOENT or -errno.
 */
int crl_lent_also(const struct crl_lent *l, const char *at, int *ret_fd) CRL_MUST_CHECK;

/*
 * The room stands: note that it shows the entry at @at, and give the entry's lock back. @l->use is to be held as long
 * as the room lives. What is not mounted there, as in a room without a home, is given back instead.
 */
int crl_lent_note(struct crl_lent *l, const struct crl_job *job, struct crl_kept *room, const char *at,
		  struct crl_err *err) CRL_MUST_CHECK;

/* Close all of it: in the process of ours that took it, and in those that have copies. */
void crl_lent_done(struct crl_lent *l);

/* The same, and what a child of ours has of the locks holds nothing from then on. */
void crl_lent_give_back(struct crl_lent *l);
