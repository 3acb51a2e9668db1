// SPDX-License-Identifier: Apache-2.0
/*
 * What others' tables of nftables (docker's, firewalld's, the administrator's) do with what the host forwards for
 * rooms, as far as it can be seen without following their rules.
 *
 * Runs in: carrelctl (root). Reads only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/scope.h"

#define CTL_FORWARDS_MAX 8

/* A chain that drops what none of its rules accepts. */
struct ctl_forward {
	char family[8]; /* as nft(8) has it */
	char table[64];
	char chain[64];
	bool names_rooms; /* a rule of its table is about links of rooms */
};

/*
 * Those of the hook "forward" that drop by policy, and firewalld's, whose last rule does; not carrel's own.
 * Returns how many there are, at most CTL_FORWARDS_MAX; 0 where nothing can be seen.
 */
size_t ctl_forwards_find(struct ctl_forward ret[CTL_FORWARDS_MAX]);

/* Has the kernel nf_tables, or a module of it? */
bool ctl_nftables_are_there(void);

#define CTL_FORWARD_TEXT \
	"table %s %s: its chain %s drops what the host forwards and no rule of it accepts, and none is about " \
	"crl-*: rooms with network.mode = \"nat\" reach nothing, unless it accepts them for something else"
#define CTL_FORWARD_MEND "accept in it what comes from crl-*, and the answers to that: see \"Rules\" in docs/network.md"
