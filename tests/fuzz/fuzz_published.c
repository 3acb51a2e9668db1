// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as a published policy: what is taken for one reads back to the same.
 *
 * Runs in: libFuzzer only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "state/published.h"
#include "tests/unit/policy/lsan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

static int parse(const void *data, size_t size, struct crl_published *ret)
{
	struct crl_err err = {0};
	char *text = malloc(size + 1);
	int rc;

	expect(text);
	memcpy(text, data, size);
	text[size] = '\0';
	rc = crl_published_parse(text, size, ret, &err);
	expect(rc == -err.code);
	free(text);
	return rc;
}

static void print(const struct crl_published *p, char **ret)
{
	struct crl_err err = {0};

	expect(crl_published_print(p, ret, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crl_published p, again;
	char *text = NULL, *same = NULL;

	if (parse(data, size, &p) == 0) {
		expect(p.user[0] && !crl_path_fault(p.home) && !crl_path_fault(p.shell));
		expect(p.room || p.filter.len == 0);
		print(&p, &text);
		expect(parse(text, strlen(text), &again) == 0);
		print(&again, &same);
		expect(strcmp(text, same) == 0);
		crl_published_done(&again);
	}
	crl_published_done(&p);
	free(text);
	free(same);
	return 0;
}
