// SPDX-License-Identifier: Apache-2.0
/* Paths that an operator names, for actions that take some of the changes. */
#pragma once

#include "ctl/command.h"

struct ctl_kept;

#define CTL_PATHS_MAX CTL_ARGUMENTS_MAX

/* Paths from the home on, without a slash at their ends. */
struct ctl_paths {
	const char *item[CTL_PATHS_MAX + 1]; /* up to NULL */
	char *text; /* owned */
};

/*
 * Read the words of a command line: "Mail/old", "./Mail/old", or with the home in front of it.
 * @ret  to be given back by ctl_paths_done() in any case
 * Returns CTL_YES; else it has been said what is wrong.
 */
enum ctl_exit ctl_paths_read(const struct ctl *c, const struct ctl_kept *k, char **argv, struct ctl_paths *ret);
void ctl_paths_done(struct ctl_paths *p);
