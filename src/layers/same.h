// SPDX-License-Identifier: Apache-2.0
/*
 * Have two files the same bytes? Where both have holes nothing is read.
 *
 * Runs in: a process with the rights of the home's user.
 */
#pragma once

#include "base/err.h"

/*
 * @a, @b  regular files, open for reading; what may be written to meanwhile is compared as it is met
 * Returns 1 the same bytes and as many, 0 not; -errno of pread(2), -ENOMEM. Source: lseek(2), SEEK_DATA.
 */
int crl_same_bytes(int a, int b) CRL_MUST_CHECK;
