// SPDX-License-Identifier: Apache-2.0
/*
 * A tar stream that becomes a layer of an overlay.
 *
 * Runs in: a worker that is sealed (ctl_task.sealed), as the user: nothing of the host can be written, whatever is in
 * the stream. Trusts: nothing in the stream.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "layers/marks.h"

struct ctl_unpack {
	int from; /* the stream */
	int to; /* an empty directory of the user's, on the layers' file system */
	const struct crl_marks *marks;
	bool (*stop)(void *arg); /* true ends it with -EINTR. Its argument is NULL */
	void (*told)(void *arg, uint64_t names); /* so many were looked at */
	void *arg; /* of told() */
};

/*
 * Unpack by tar(1), then make of ".wh.NAME" what an overlay has instead, and take set-id bits away.
 * Returns 0; -EINTR; -EBADMSG tar(1) would not, and @err has its words; -errno.
 */
int ctl_unpack(const struct ctl_unpack *u, struct crl_err *err) CRL_MUST_CHECK;
