// SPDX-License-Identifier: Apache-2.0
/*
 * Devices of the host's that a policy gives: patterns of root.devices and root.devices_required, and which devices no
 * pattern brings in.
 *
 * Runs in: helper, carrelctl, carrel-shell. Pure.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define CRL_DEVICES_MAX 256 /* nodes of one room: each is a mount */

/*
 * What is wrong with a pattern, as crl_key_refuse() wants it; or NULL. It is a path below /dev in which each component
 * is a pattern for fnmatch(3), and names the first of them with a letter or digit at least before the first wildcard.
 */
const char *crl_devices_fault(const char *text);

/* Is there no wildcard in it? Then it names one device, and is believed. */
bool crl_devices_is_exact(const char *text);

/* Is it of those that each room has of its own ("null", "pts", …)? @name  first component below /dev */
bool crl_devices_is_own(const char *name);

/*
 * By which a user would have the host, its disks or other people's terminals: a pattern leaves it out, and who names it
 * is warned. Permissions count as well, but they are the host's, and made for programs that see the whole host.
 * @mode  kind of the node
 * @path  below /dev
 * Returns what it is, or NULL: it is none of these.
 */
const char *crl_devices_peril(mode_t mode, dev_t rdev, const char *path);
