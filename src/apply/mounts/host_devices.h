// SPDX-License-Identifier: Apache-2.0
/*
 * Devices of the host's that a policy's patterns stand for now.
 *
 * Runs in: helper, carrel-shell, carrelctl; in the host's namespaces. Opens no device.
 */
#pragma once

#include <sys/stat.h>

#include "plan/mounts/plan.h"

/* A name that a pattern is like. */
struct crl_device_found {
	const char *path; /* "/dev/dri/card0" */
	const struct stat *st; /* of the device, behind a link; NULL = it is none */
	const char *why_not; /* why the room does not get it, or NULL */
	const char *peril; /* what it is that nobody gets by a pattern, or NULL */
};

typedef int crl_device_each(void *arg, const struct crl_device_found *found);

/*
 * Tell of each name below /dev that @pattern is like, but for what each room has of its own. Only directories are
 * looked into that root alone can write to, on /dev's own file system; a link counts where root made it and it leads to
 * a device below /dev, by names of /dev's file system.
 * @dev  a directory in the place of /dev
 * @each returns 0, or a -errno that ends it
 * Returns that, or 0, or a -errno: a directory cannot be read.
 */
int crl_find_devices(int dev, const char *pattern, crl_device_each *each, void *arg) CRL_MUST_CHECK;

/*
 * Sets devices and devices_len of @host, sorted, each once.
 * Errors (stage MOUNT): -ENODEV an entry of root.devices_required stands for nothing; -E2BIG more than CRL_DEVICES_MAX;
 * -ENOMEM; they cannot be listed.
 */
int crl_find_host_devices(const struct crl_policy *p, struct crl_host *host, struct crl_err *err) CRL_MUST_CHECK;
