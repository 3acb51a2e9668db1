// SPDX-License-Identifier: Apache-2.0
/*
 * Start what works for the host and not for one login: the sweep, the steward; and what outlives its room: the keeper.
 *
 * Runs in: helper (root, host namespaces).
 */
#pragma once

#include <stddef.h>

#include "base/scope.h"

#define CRL_APART_FDS_MAX 80

/*
 * Start a program as nobody's child, without any descriptor but stdio and those given, on the host's clock, with an
 * empty environment.
 * @argv  NULL-ended; where a NULL stands before the end, it ends there
 * @fd    @len descriptors, which it has as 3, 4, …; still the caller's. -EINVAL more than CRL_APART_FDS_MAX
 * Returns 0 or -errno; whether the program runs is not waited for.
 */
int crl_start_apart(const char *path, const char *const *argv, const int *fd, size_t len) CRL_MUST_CHECK;

/* What this process starts from here on sees the host's clocks, whatever rooms it has made. Returns 0 or -errno. */
int crl_keep_hosts_clock(void) CRL_MUST_CHECK;
