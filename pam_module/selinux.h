// SPDX-License-Identifier: Apache-2.0
/* What libselinux in the application has to know before that holds a room. */
#pragma once

/*
 * On the host, before the door: have libselinux keep this thread's own context, which it can ask for no more behind the
 * door. Where there is no SELinux, or the application does not have the library, nothing is done. What SELinux does not
 * allow is not told: it is as it was, and the application says what it misses.
 */
void selinux_keep_context(void);
