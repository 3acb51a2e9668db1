// SPDX-License-Identifier: Apache-2.0
/*
 * The programs of a gate (plan/net/gate_program.h), loaded and attached to the cgroup of a login. They go with it.
 *
 * Runs in: helper (root, host namespaces); carrelctl, which only loads. Source: bpf(2).
 * R1: beside what others have attached there and above (systemd's IPAddressDeny and its kind): each of all refuses.
 * R2: one that is attached there already is not attached once more: a cgroup takes 64, and logins may share one.
 * R3: nothing is taken back, by a login that fails, either: another may have found its programs there and rely on them.
 */
#pragma once

#include "base/scope.h"

struct crl_err;
struct crl_policy;

/*
 * Make, load and attach all that the policy's gate needs on this host as it is now.
 * @cgroup  of cgroup v2; -EBADF = they are only loaded, which tells whether they can be
 * @opener  name of the program that opens the session, as the kernel has it (comm); NULL = there is none
 * Errors: -E2BIG the policy's lists are too long; -ENOMEM; what bpf(2) says; the host's addresses cannot be told.
 */
int crl_gatekeep_attach(int cgroup, const struct crl_policy *p, const char *opener, struct crl_err *err) CRL_MUST_CHECK;
