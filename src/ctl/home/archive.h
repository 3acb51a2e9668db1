// SPDX-License-Identifier: Apache-2.0
/*
 * Kept changes as a layer of a container image: a tar stream in which ".wh.NAME" stands for a name that was deleted.
 *
 * Runs in: the worker, as the user.
 * Source: OCI image specification, "Image Layer Filesystem Changeset".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "layers/view.h"
#include "plan/ids.h"

#define CTL_WHITEOUT ".wh."
#define CTL_WHITEOUT_OPAQUE ".wh..wh..opq"

struct ctl_archive {
	const struct crl_layers *layers;
	int fd; /* written to */
	const struct crl_subid_map *uids, *gids; /* of a room, as whose ids owners are written; NULL = as they are */
	bool (*stop)(void *arg); /* asked between names; true ends it with -EINTR. Its argument is NULL */
	void (*told)(void *arg, uint64_t names); /* now and then: so many were written */
	void (*failed)(void *arg, const char *path, int rc); /* what could not be read, -errno: it is left out */
	void *arg; /* of told() and failed() */
	uint64_t names; /* written */
	uint64_t left_out; /* sockets and devices */
};

/*
 * Write what the top layers change.
 * Devices and sockets are left out; so is what the user may not read or what changes meanwhile, which is told. A
 * directory that was renamed is written whole. Returns 0; -EINTR; -errno with @err set.
 */
int ctl_archive_write(struct ctl_archive *a, struct crl_err *err) CRL_MUST_CHECK;
