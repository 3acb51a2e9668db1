// SPDX-License-Identifier: Apache-2.0
/* How long a room that nobody is logged in to stays. Pure. */
#pragma once

#include <stdint.h>

/*
 * What is left of the time that a room lingers, when that counts from the last input at one of its terminals.
 * @input_s  CLOCK_REALTIME seconds, as the kernel notes it: it may be up to 7 s old when it is noted. One of the future
 *           counts as none: it was made up, or another clock's.
 * @now_ms   CLOCK_REALTIME
 * Returns ms, 0 = nothing is left.
 */
int64_t crl_linger_left_ms(uint64_t linger_s, int64_t input_s, int64_t now_ms);
