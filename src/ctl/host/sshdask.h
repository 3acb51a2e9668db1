// SPDX-License-Identifier: Apache-2.0
/*
 * sshd itself is asked what its configuration means.
 *
 * Runs in: carrelctl, as root. Source: sshd(8), -t and -T.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/scope.h"

#define CTL_SSHD_PROGRAM "/usr/sbin/sshd"

/* Would sshd start with its configuration? Returns 1, 0, or -errno when it cannot be asked. */
int ctl_sshd_is_valid(void) CRL_MUST_CHECK;

/*
 * What a keyword comes to for a user who connects from this host.
 * @keyword  in small letters, as `sshd -T` prints it
 * @ret      "" where it is not said, or "none"
 * Returns 0, or -errno: -EINVAL sshd refuses its configuration.
 */
int ctl_sshd_value_for(const char *user, const char *keyword, char *ret, size_t size) CRL_MUST_CHECK;
