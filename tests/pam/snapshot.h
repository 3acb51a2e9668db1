// SPDX-License-Identifier: Apache-2.0
/*
 * Everything of a process that the module promises not to change.
 *
 * Runs in: tests only.
 */
#pragma once

#include <stddef.h>

struct snapshot;

/* Taken before; freed by snapshot_compare(). */
struct snapshot *snapshot_take(void);

/* Write what is different now, one word each, into @buf; "" when nothing is. */
void snapshot_compare(struct snapshot *before, char *buf, size_t size);
