// SPDX-License-Identifier: Apache-2.0
/*
 * Socket families that a policy can name.
 *
 * Pure. Source: socket(2), address_families(7).
 */
#pragma once

#include <stddef.h>

#include "base/scope.h"

#define CRL_FAMILIES_MAX 24 /* at least as many as there are */

/* The number of family @name, as "inet" for AF_INET; -ENOENT when there is none. AF_VSOCK has no name: see .c. */
int crl_family_find(const char *name) CRL_MUST_CHECK;

/* The name of one of them, in no order that means anything; NULL behind the last. */
const char *crl_family_name(size_t i);
