// SPDX-License-Identifier: Apache-2.0
/*
 * What the host has set in /proc/sys for System V IPC, message queues and the network counts in a room's own
 * namespaces too: a new one begins with the kernel's defaults, whatever sysctl.d(5) says.
 *
 * Runs in: helper (reads, in the host's namespaces) and the room's init (writes, in its own), root.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRL_SETTINGS_MAX 32
#define CRL_SETTING_SIZE 256 /* bytes of one value; a longer one is left as it is */

struct crl_settings {
	uint16_t len[CRL_SETTINGS_MAX]; /* 0 = not known */
	char text[CRL_SETTINGS_MAX][CRL_SETTING_SIZE];
};

/* A descriptor of the host's /proc/sys, while it can be seen, or -1. */
int crl_settings_open(void);

/*
 * Read the caller's own settings of those kinds of namespaces.
 * @namespaces  bits of CRL_NS_*; what the others have is not read
 */
void crl_settings_read(struct crl_settings *ret, uint32_t namespaces);

/*
 * As lines of "name=value", for crl_settings_leave_out().
 * @inherits  the kernel may have taken the host's values for some: these are not written
 * Returns 0 or -ENOBUFS.
 */
int crl_settings_print(const struct crl_settings *s, bool inherits, char *buf, size_t size)
	__attribute__((warn_unused_result));

/*
 * What a new namespace has already need not be set, nor looked at there: the kernel keeps one list of names for the
 * namespaces of all rooms, and a look takes time with their number.
 * Those of interfaces, which change with each other, are all left out or none.
 * @text  of crl_settings_print(), what new namespaces have; a line of another form means nothing
 */
void crl_settings_leave_out(struct crl_settings *io, const char *text);

/*
 * Set what differs, in the caller's namespaces. What this kernel has not, or does not let be set, stays: it is no
 * reason to refuse a login.
 * @sys  of crl_settings_open()
 */
void crl_settings_write(const struct crl_settings *s, int sys);
