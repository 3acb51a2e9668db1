// SPDX-License-Identifier: Apache-2.0
/*
 * Do a user's logins come by carrel-shell?
 *
 * Runs in: carrelctl, as root: sshd is asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/scope.h"

/* Doors that start no login shell, as findings name them. */
#define CTL_SHELL_PAST "su -s, sudo -u, cron, at, mail to programs"

/* Is it carrel-shell that a shell of passwd, or a command with arguments, names? By its last name. */
bool ctl_shell_is_ours(const char *command);

/*
 * By what do the logins of a user by sshd come to carrel-shell: by their shell, or by ForceCommand?
 * @shell  that passwd has
 * @ret    the path of it; "" = they do not come by it
 * Returns 0, or -errno as ctl_sshd_value_for(): sshd cannot be asked, and the shell is another.
 */
int ctl_shell_way(const char *user, const char *shell, char *ret, size_t size) CRL_MUST_CHECK;
