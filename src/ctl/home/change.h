// SPDX-License-Identifier: Apache-2.0
/*
 * A change as a worker tells it to carrelctl, and as that prints it.
 *
 * Runs in: carrelctl (root), and its worker. Pure but for the printing.
 * Trusts: nothing of a record: crl_change_take() proves its form. Paths are bytes; they are escaped when printed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"
#include "layers/diff.h"

struct ctl;
struct ctl_worker;

struct ctl_change {
	enum crl_diff_kind kind;
	unsigned int what; /* CRL_DIFF_CONTENT and its like */
	uint32_t mode; /* st_mode as it is now; 0 = nothing is there */
	uint32_t mode_before;
	uint64_t size; /* bytes of a file, as it is now */
	uint64_t size_before;
	int error; /* UNREADABLE: why */
	const char *path;
	const char *from; /* RENAMED: what it was called; else NULL */
};

/* How many of each kind there were, and the bytes of the files in them. */
struct ctl_change_sum {
	uint64_t count[CRL_DIFF_KIND_COUNT];
	uint64_t bytes[CRL_DIFF_KIND_COUNT];
};

/* In the worker: send it as a record of that kind. Returns 0 or -errno. */
int ctl_change_send(struct ctl_worker *w, uint32_t record, const struct crl_diff_change *change) CRL_MUST_CHECK;

/* Read a record; @ret points into it. @data  has a NUL behind it. Returns 0; -EBADMSG it is none. */
int ctl_change_take(const char *data, size_t len, struct ctl_change *ret) CRL_MUST_CHECK;

/* Count it. */
void ctl_change_add(struct ctl_change_sum *sum, const struct ctl_change *change);

/* One line of text, or one object of a JSON array. @first  it is the first of them */
void ctl_change_print(const struct ctl *c, const struct ctl_change *change, bool first);

/* "3 added (1.2M), 1 deleted (10B)" and a newline; nothing when there was none. */
void ctl_change_print_sum(const struct ctl_change_sum *sum);
