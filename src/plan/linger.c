// SPDX-License-Identifier: Apache-2.0
/* See linger.h. */
#include "plan/linger.h"

/* The kernel notes a terminal's input once in each eight seconds, so that nobody can tell single keys by it. */
#define NOTED_EVERY_S 8

int64_t crl_linger_left_ms(uint64_t linger_s, int64_t input_s, int64_t now_ms)
{
	int64_t last_s = (input_s | (NOTED_EVERY_S - 1)) + 1, left;

	if (input_s < 0 || input_s > now_ms / 1000 || linger_s > INT64_MAX / 4000)
		return 0;
	left = (last_s + (int64_t)linger_s) * 1000 - now_ms;
	return left > 0 ? left : 0;
}
