// SPDX-License-Identifier: Apache-2.0
/*
 * Would the kernel give a filter of this process's a listener (seccomp_unotify(2))? A process has one at most, so what
 * runs in a container that listens itself gets none.
 *
 * Runs in: helper; carrelctl asks.
 */
#pragma once

/* Returns 0; -EBUSY: this process has one already; -errno: this kernel has none, or who runs us keeps it from us. */
int crl_listenable(void);
