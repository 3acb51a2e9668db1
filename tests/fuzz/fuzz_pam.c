// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as a PAM service's file: what enable makes is what it means, and disable takes all of it out again.
 * Whether libpam reads a file the same way is asked by tests/pam/test_stack.c.
 *
 * Runs in: libFuzzer only.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/host/pamstack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

/* Every line that was there is there again, in its order. */
static void there_and_back(const char *text, const char *with)
{
	char *without = NULL;
	struct ctl_pam_stack s;
	size_t len = strlen(text);

	ctl_pam_stack_read(with, &s);
	expect(s.opens == 1 && s.closes == 1 && !s.after_open && !s.strange);
	expect(ctl_pam_stack_disable(with, &without) >= 2);
	if (!strstr(text, "pam_carrel.so"))
		expect(strncmp(without, text, len) == 0 &&
		       strlen(without) <= len + 1); /* a last line that had no end has one now */
	free(without);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ctl_pam_wish wish = {.module = "pam_carrel.so", .arguments = "config=/x"};
	char *text = malloc(size + 1), *with = NULL, *without = NULL;
	struct ctl_pam_stack s;
	int gone;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (ctl_pam_stack_enable(text, &wish, &with, NULL) == 0)
		there_and_back(text, with);
	gone = ctl_pam_stack_disable(text, &without);
	if (gone >= 0) {
		ctl_pam_stack_read(without, &s);
		expect(s.opens == 0 && s.closes == 0);
	}
	free(text);
	free(with);
	free(without);
	return 0;
}
