/* SPDX-License-Identifier: Apache-2.0
 *
 * Linked into each unit and live C test: ONLY="test_x*" in its environment runs only those of its functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void choose(void)
{
	const char *pattern = getenv("ONLY");
	if (pattern)
		cmocka_set_test_filter(pattern);
}
