// SPDX-License-Identifier: Apache-2.0
/*
 * Files as block devices. A loop device lives as long as somebody has it open or mounted, and then goes by itself.
 *
 * Runs in: helper, carrelctl (root, host's mount namespace: /dev). Source: loop(4), linux/loop.h.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define CRL_LOOP_PATH_MAX 32

/*
 * Make a loop device of a file.
 * @file       descriptor; a read-only device when it is not open for writing, else with direct I/O if that can be
 * @name       told by losetup(8): nothing else depends on it; cut at 63 bytes
 * @ret_fd     the device, open: when it is closed and not mounted, there is none any more
 * @path       its name in /dev, CRL_LOOP_PATH_MAX bytes
 * Errors (stage MOUNT): -ENOENT no /dev/loop-control, or no node for the device; -ENXIO, -ENODEV the kernel has none.
 */
int crl_loop_attach(int file, const char *name, int *ret_fd, char *path, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Is this device, by its number, a read-only loop device of that very file?
 * @file  descriptor
 */
bool crl_loop_is_of(dev_t device, int file);

/* The writable device of that file, open: it stays as long as that is. Returns 0; -ENOENT there is none; -errno. */
int crl_loop_find(int file, int *ret_fd) CRL_MUST_CHECK;
