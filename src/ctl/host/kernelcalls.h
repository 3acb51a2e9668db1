// SPDX-License-Identifier: Apache-2.0
/*
 * The system calls of the running kernel, by the names of its functions.
 *
 * Runs in: carrelctl.
 */
#pragma once

#include "base/err.h"
#include "policy/policy.h"

/*
 * Read them.
 * @path  /proc/kallsyms, or a file of its form
 * @ret   without what all names begin with; to be freed by crl_strv_done()
 * Returns 0, -ENODATA when the file cannot be read or has none, or -ENOMEM.
 */
int ctl_kernel_calls(const char *path, struct crl_strv *ret) CRL_MUST_CHECK;
