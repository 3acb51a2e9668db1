// SPDX-License-Identifier: Apache-2.0
/*
 * What a room that its user makes, without root, cannot hold of a policy.
 *
 * Runs in: carrel-shell, which refuses by it; carrelctl, which says so before. Pure.
 */
#pragma once

#include <stdbool.h>

#include "policy/policy.h"

/* What gives such a room its network with a way out: pasta(1). Not by PATH, which is the user's. */
#define CRL_PASTA "/usr/bin/pasta"

/* What this host lets a user do by themselves. */
struct crl_rootless_can {
	bool time; /* time namespaces */
	bool cgroup; /* the login has a control group of its own, and limits.* are set there */
	bool pasta; /* the program CRL_PASTA is there */
	bool nest; /* the filter lets the user make namespaces and mount: that group's files, too, which are theirs */
};

/* @need  CRL_NEED_REQUIRE: who has the policy is refused; CRL_NEED_PREFER: goes on without, and it is said */
typedef void crl_rootless_lack(void *arg, const char *key, const char *text, enum crl_need need);

/* Tell each thing that is not held. */
void crl_rootless_judge(const struct crl_policy *p, const struct crl_rootless_can *can, crl_rootless_lack *tell,
			void *arg);

/*
 * The policy as such a room has it: with namespaces for mounts, processes and users in any case, without any way to
 * gain power.
 */
void crl_rootless_settle(struct crl_policy *p, const struct crl_rootless_can *can);
