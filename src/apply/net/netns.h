// SPDX-License-Identifier: Apache-2.0
/*
 * A network namespace that the administrator made, as ip-netns(8) keeps them.
 *
 * Runs in: helper, carrelctl; as root in the host's namespaces.
 * R1: what is opened is a network namespace that belongs to the host's user namespace, and not the host's own network.
 */
#pragma once

#include "base/err.h"
#include "base/scope.h"

/*
 * Open it for setns(2). @path  absolute, in directories that are root's alone
 * @ret  close-on-exec, the caller's
 * Errors (stage NAMESPACE): as crl_path_open_trusted(); -EINVAL no network namespace; -EXDEV the host's own; -EPERM of
 * another user namespace. Source: ioctl_nsfs(2), ip-netns(8).
 */
int crl_netns_open(const char *path, int *ret, struct crl_err *err) CRL_MUST_CHECK;
