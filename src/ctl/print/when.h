// SPDX-License-Identifier: Apache-2.0
/*
 * A time that somebody asks about: what holds on Saturday night?
 *
 * Pure but for the time zone.
 */
#pragma once

#include <time.h>

#include "base/scope.h"

/*
 * "22:30", "Sat 22:30" (the next one, today's if it is today), "2026-11-28 22:30" or with a T between, in local time.
 * Returns 0, or -EINVAL: none of these, or no such time.
 */
int ctl_parse_when(const char *text, time_t now, time_t *ret) CRL_MUST_CHECK;
