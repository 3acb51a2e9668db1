// SPDX-License-Identifier: Apache-2.0
/*
 * What new namespaces are begun with: a boot clock, a name, a loopback interface.
 *
 * Runs in: helper and the room's init, root; carrel-shell, in a user namespace of its own.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

/*
 * Make uptime start now: the next child gets a time namespace whose boot clock reads one second, since programs take
 * zero for "not yet" (sshd's ChannelTimeout does). The monotonic clock stays: timers of the application, which joins
 * while it runs, must not jump. The host's /proc is in reach.
 * Errors (stage NAMESPACE): -errno of the step. Source: time_namespaces(7).
 */
int crl_time_begin(struct crl_err *err) CRL_MUST_CHECK;

/*
 * Give the caller's new namespaces what they begin with, and make the cgroup namespace: its root is the cgroup that the
 * caller is in now.
 * @namespaces  CRL_NS_BIT()s that are the room's own
 * @name        of the room's host; "" = as it is
 * Errors (stage NAMESPACE): -errno of the step.
 */
int crl_namespaces_settle(uint32_t namespaces, const char *name, struct crl_err *err) CRL_MUST_CHECK;
