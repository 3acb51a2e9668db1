// SPDX-License-Identifier: Apache-2.0
/*
 * What /etc/netns has for a network namespace: files and directories that stand in its rooms in place of what /etc has
 * by that name, see ip-netns(8).
 *
 * Runs in: helper, carrelctl; as root in the host's namespaces.
 * R1: nothing below /etc/netns is given that is not root's alone.
 */
#pragma once

#include "base/err.h"
#include "policy/policy.h"

/* @source  below /etc/netns, @target  below /etc: for the call. Returns 0, or -errno, which ends it. */
typedef int crl_netns_file(void *arg, const char *source, const char *target, struct crl_err *err);

/*
 * Tell each that a room of @p shows, whose network.mode is "join" and whose name has no template any more. What the
 * host's /etc has not, or what the policy has a bind of its own for, is passed over. @each  may change @p's binds
 * Errors (stage NAMESPACE): as crl_path_open_trusted(), and @each's.
 */
int crl_netns_files(const struct crl_policy *p, crl_netns_file *each, void *arg, struct crl_err *err) CRL_MUST_CHECK;
