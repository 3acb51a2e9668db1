// SPDX-License-Identifier: Apache-2.0
/* Where something is put into a text for users: {1} and {2}, and no other brace. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* How often has @text the place @which, '1' or '2'? */
static inline int phrase_places(const char *text, char which)
{
	int n = 0;

	for (const char *p = strchr(text, '{'); p; p = strchr(p + 1, '{')) {
		assert_true((p[1] == '1' || p[1] == '2') && p[2] == '}');
		n += p[1] == which;
	}
	return n;
}
