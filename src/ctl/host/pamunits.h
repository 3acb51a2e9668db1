// SPDX-License-Identifier: Apache-2.0
/*
 * PAM services that systemd opens sessions of: their units must never get a room.
 *
 * Such a session is opened by a process beside the unit's, so the unit's processes would not be in it, and starting
 * the unit fails. Source: systemd.exec(5), PAMName=.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Is it the service of a unit? @ret_unit  the file that says so, or what is known of every host
 * Looks at the units of the host every time.
 */
bool ctl_pam_is_of_unit(const char *service, char *ret_unit, size_t size);
