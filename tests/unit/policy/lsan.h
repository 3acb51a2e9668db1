// SPDX-License-Identifier: Apache-2.0
/*
 * libconfig 1.5 loses the text it was collecting when a syntax error follows it. The helper ends on such an
 * error, so the leak is bounded; here it would drown those of our own.
 */
#pragma once

__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}
