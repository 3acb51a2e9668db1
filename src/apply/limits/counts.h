// SPDX-License-Identifier: Apache-2.0
/*
 * Read what the kernel has counted of a login; see plan/counts.h.
 *
 * Runs in: helper, supervisor (root's uid without capabilities), carrelctl. Reads below the two descriptors only.
 */
#pragma once

#include "plan/limits/counts.h"

/* @slice @login  directories, -EBADF = there is none. What cannot be read stays unknown. */
void crl_counts_read(int slice, int login, struct crl_counts *ret);
