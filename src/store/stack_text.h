// SPDX-License-Identifier: Apache-2.0
/*
 * Which frozen layers are below an entry's upper, and which snapshots there are, as texts.
 *
 *   stack       stack=1           snapshots   snapshots=1
 *               layers=3 2 1                  snapshot=NAME SECONDS 2 1
 *               end                           ...
 *                                             end
 *
 * Layers are numbers, youngest first; "-" stands for none. Snapshots stand oldest first. Both are in a directory of the
 * user's, so whatever they say is believed only in this form, and decides of nothing but which of the directory's own
 * subdirectories are layers.
 *
 * Runs in: helper, carrelctl, keeper. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_STACK_MAX 48 /* layers below an upper: what one overlay takes, its options being texts of 255 bytes */
#define CRL_LAYER_MAX 99999999u /* a layer's number */
#define CRL_SNAPSHOTS_MAX 41 /* 40 of the user's, and one that a restore makes */
#define CRL_SNAPSHOT_NAME_MAX 65 /* with NUL */
#define CRL_STACK_TEXT_MAX 1024
#define CRL_SNAPSHOTS_TEXT_MAX (32u << 10)

/* Frozen layers, youngest first. */
struct crl_stack {
	uint32_t layer[CRL_STACK_MAX];
	size_t len;
};

struct crl_snapshot {
	char name[CRL_SNAPSHOT_NAME_MAX];
	int64_t when; /* CLOCK_REALTIME seconds */
	struct crl_stack stack; /* what it shows, above the lower */
};

struct crl_snapshots {
	struct crl_snapshot item[CRL_SNAPSHOTS_MAX]; /* oldest first */
	size_t len;
};

/* A letter or digit, then letters, digits, "-", "_" and "."; at most 64 characters. */
bool crl_snapshot_name_is_valid(const char *name);

/* The snapshot of that name, or NULL. */
const struct crl_snapshot *crl_snapshots_find(const struct crl_snapshots *s, const char *name);

/* Returns 0 or -EBADMSG. @len  bytes of @text, which ends with a NUL */
int crl_stack_parse(const char *text, size_t len, struct crl_stack *ret) CRL_MUST_CHECK;
int crl_snapshots_parse(const char *text, size_t len, struct crl_snapshots *ret) CRL_MUST_CHECK;

/* Return the text's bytes, or -EOVERFLOW; CRL_STACK_TEXT_MAX and CRL_SNAPSHOTS_TEXT_MAX are enough. */
int crl_stack_format(const struct crl_stack *s, char *buf, size_t size) CRL_MUST_CHECK;
int crl_snapshots_format(const struct crl_snapshots *s, char *buf, size_t size) CRL_MUST_CHECK;
