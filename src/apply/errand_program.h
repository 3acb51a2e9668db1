// SPDX-License-Identifier: Apache-2.0
/*
 * The file of an errand on this host, and whether it may be run for users of rooms.
 *
 * Runs in: helper, steward, carrelctl.
 */
#pragma once

#include <limits.h>

#include "base/err.h"
#include "policy/errands.h"

/*
 * Find it by one of its two names: root's all the way, links followed, and of the kind that the errand asks for.
 * @path      as on the host: the errand's .path or .other
 * @ret_path  PATH_MAX bytes: its real path, without links
 * Errors (stage REQUEST): -ENOENT it is not there; -EPERM it is there and will not do, the text says why; -errno.
 */
int crl_errand_program_find(const struct crl_errand *e, const char *path, char ret_path[PATH_MAX],
			    struct crl_err *err) CRL_MUST_CHECK;
