// SPDX-License-Identifier: Apache-2.0
/*
 * System calls without which nobody gets a shell, whatever the policy is for.
 *
 * Runs in: carrelctl. Pure.
 */
#pragma once

#include "plan/filter_set.h"

/*
 * The needed calls that a set refuses, as "close, openat".
 * @text  @size bytes, "" when it refuses none; cut with "..." when they are many
 * Returns true when there is one.
 */
bool crl_callset_lacks(const struct crl_callset *set, char *text, size_t size);
