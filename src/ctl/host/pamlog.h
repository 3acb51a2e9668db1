// SPDX-License-Identifier: Apache-2.0
/*
 * What libpam and its modules say to syslog(3) while carrelctl tries them: reasons that are nowhere else.
 *
 * Runs in: a child of carrelctl that asks libpam; in any other process syslog() is the C library's.
 */
#pragma once

#include <stddef.h>

/* From now on what is logged goes to @buf, line by line, and not to the system's log. For good. */
void ctl_pam_log_to(char *buf, size_t size);
