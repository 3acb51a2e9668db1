// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as a stage file: whatever is taken can be carried out, and is written as it was read, but for the order of lines.
 *
 * Runs in: libFuzzer only.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/stage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

static void expect_place(const char *path)
{
	expect(!path[0] || (strncmp(path, CRL_LAST_DIR "/", strlen(CRL_LAST_DIR "/")) == 0 && !strstr(path, "/../")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[CRL_LAST_TEXT_MAX + 1], again[CRL_LAST_TEXT_MAX + 1];
	struct crl_last last;
	const char *fault = NULL;
	int n;

	if (crl_last_parse((const char *)data, size, &last, &fault) < 0) {
		expect(fault != NULL);
		return 0;
	}
	expect((last.user == CRL_LAST_USER_NONE) == !last.ns[0]);
	expect(last.user != CRL_LAST_USER_ROOT || last.uid == 0);
	expect(!last.shell[0] || last.shell[0] == '/');
	expect_place(last.ns);
	expect_place(last.root);
	expect_place(last.filter);
	expect(last.profiles <= CRL_LAST_PROFILES_MAX);
	for (size_t i = 0; i < last.profiles; i++) {
		expect(last.profile[i].program[0] == '/' && last.profile[i].filter[0]);
		expect_place(last.profile[i].filter);
	}
	n = crl_last_print(&last, text);
	expect(n == (int)size);
	expect(crl_last_parse(text, (size_t)n, &last, NULL) == 0);
	expect(crl_last_print(&last, again) == n && memcmp(text, again, (size_t)n) == 0);
	return 0;
}
