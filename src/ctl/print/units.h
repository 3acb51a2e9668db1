// SPDX-License-Identifier: Apache-2.0
/* Numbers and states as people read them. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CTL_UNIT_TEXT 32 /* bytes that are always enough */

/* "17B", "1.5K", "23M": nobody reads a size to the byte. UINT64_MAX, not known, is "". Returns @buf. */
const char *ctl_text_size(uint64_t bytes, char buf[CTL_UNIT_TEXT]);

/* Time on the processor: "3:07.25", minutes, seconds and hundredths. UINT64_MAX is "". */
const char *ctl_text_cpu(uint64_t us, char buf[CTL_UNIT_TEXT]);

/*
 * left = the login has ended, what it started goes on; stale = only the record is left; lingering = a room in which
 * nobody is logged in any more.
 */
enum ctl_state { CTL_OPEN, CTL_LEFT, CTL_FROZEN, CTL_STALE, CTL_LINGERING, CTL_HELD_BACK };
const char *ctl_state_name(enum ctl_state state);

/*
 * Read "10", or "0.5" with at most @places (1 to 3) digits behind the point and nothing else, as thousandths.
 * @min @max  in thousandths, both included
 * Returns 0, or -EINVAL; @ret is written on success only.
 */
int ctl_parse_decimal(const char *text, size_t places, uint64_t min, uint64_t max, uint64_t *ret) CRL_MUST_CHECK;
