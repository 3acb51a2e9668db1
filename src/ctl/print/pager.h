// SPDX-License-Identifier: Apache-2.0
/* A long answer to a terminal goes through $PAGER. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ctl;

/*
 * main.c prepares it for a command with a table; the first table starts it, and what was printed before goes through it
 * as well.
 * @lines  of that table
 */
void ctl_pager_prepare(const struct ctl *c);
void ctl_pager_start(const struct ctl *c, size_t lines);

/* Write all that is printed and wait until it is read. Returns false when it could not be written. */
bool ctl_pager_end(void);
