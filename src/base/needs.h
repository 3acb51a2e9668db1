// SPDX-License-Identifier: Apache-2.0
/*
 * What carrel needs of the kernel, asked of the kernel itself: a number of a version says little where distributions
 * bring features back, and where a container's filter takes calls away.
 *
 * Runs in: the PAM application, helper, carrelctl, carrel-shell. Every call is made with arguments that it can only
 * refuse.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CRL_KERNEL_LEAST "5.14" /* as README says; older ones have not been tried */

/* Is one of the calls missing without which no room can be made? @buf  "Linux 5.10.0 has no mount_setattr(2), …" */
bool crl_kernel_lacks(char *buf, size_t size);

/* This kernel's own name for itself, "6.1.0-37-amd64". */
const char *crl_kernel_release(void);

/* Is this kernel older than CRL_KERNEL_LEAST? @ret_release  its own name for itself */
bool crl_kernel_is_old(char *ret_release, size_t size);

/* Where an error is how a kernel says that it is too old, and this one is, add that to the text. */
void crl_err_add_kernel(struct crl_err *err);
