// SPDX-License-Identifier: Apache-2.0
/*
 * The clocks. None of these can fail.
 *
 * Runs in: every product.
 */
#pragma once

#include <stdint.h>

/* For deadlines: CLOCK_MONOTONIC, which nobody sets and which stands still while the host sleeps. */
int64_t crl_now_ms(void);
int64_t crl_now_us(void);

/* Since the host booted, its sleep included: CLOCK_BOOTTIME. In a room with a time of its own: since the room began. */
int64_t crl_boot_ms(void);

/* Since 1970, for records: CLOCK_REALTIME, which root may set. */
int64_t crl_clock_ms(void);

/* Sleep; a signal may make it shorter. */
void crl_pause_ms(unsigned int ms);
