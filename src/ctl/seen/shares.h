// SPDX-License-Identifier: Apache-2.0
/*
 * What the rooms of each policy, or of each user, have now.
 *
 * R1: however many there are, there are CTL_SHARES_MAX of them at the most: the last is that of all others.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire/login.h"

struct crl_rooms;

#define CTL_SHARES_MAX 200

struct ctl_share {
	char name[CRL_USER_MAX];
	uint64_t rooms;
	uint64_t logins;
	uint64_t processes;
	uint64_t memory; /* bytes; of a user, for the policy of their first room */
	uint64_t cpu_us; /* of logins that are in */
};

struct ctl_shares {
	struct ctl_share item[CTL_SHARES_MAX];
	size_t len;
};

enum ctl_shares_by { CTL_BY_POLICY, CTL_BY_USER, CTL_BY_NONE };

/* The share of that name, which is begun when there is none. R1 */
struct ctl_share *ctl_shares_find(struct ctl_shares *s, const char *name);

/* Add up all rooms that stand. @ret  large */
void ctl_shares_read(const struct crl_rooms *rooms, enum ctl_shares_by by, struct ctl_shares *ret);
