// SPDX-License-Identifier: Apache-2.0
/* See clock.h. */
#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t clock)
{
	struct timespec t = {0};

	(void)clock_gettime(clock, &t); /* cannot fail for a clock that every kernel has */
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

int64_t crl_now_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t crl_now_ms(void)
{
	return crl_now_us() / 1000;
}

int64_t crl_boot_ms(void)
{
	return read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t crl_clock_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

void crl_pause_ms(unsigned int ms)
{
	struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL);
}
