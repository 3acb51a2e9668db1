// SPDX-License-Identifier: Apache-2.0
/* Does systemd ask carrel before it starts a user's service manager? */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum ctl_manager_unit {
	MANAGER_GUARDED, /* carrel-helper is asked, or there is no such unit, or it is masked */
	MANAGER_UNGUARDED, /* it starts for everybody */
	MANAGER_UNKNOWN /* systemd does not answer */
};

/*
 * Pure: read what "systemctl show" says of one instance.
 * @text    lines of NAME=VALUE, of LoadState and ExecCondition
 * @helper  the program that has to be asked
 */
enum ctl_manager_unit ctl_manager_unit_read(const char *text, const char *helper);

/* Ask systemd for the instance of a user. His own drop-ins count as well. */
enum ctl_manager_unit ctl_manager_unit_ask(uint32_t uid);

/* Is systemd the manager of this host? sd_booted(3). */
bool ctl_manager_is_systemd(void);
