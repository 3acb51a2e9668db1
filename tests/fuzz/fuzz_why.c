// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as a record of what stopped a login, as a line of the kernel's log, and as a file of counts.
 *
 * Runs in: libFuzzer only.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "state/why/kernlog.h"
#include "state/why/why.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), notice[CRL_NOTICE_MAX];
	struct crl_denial denial;
	struct crl_why why;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	(void)!crl_denial_parse(text, &denial);
	for (size_t i = 0; i < CRL_COUNT_LEN; i++)
		(void)crl_count_find(&crl_count_places[i], text);
	(void)crl_count_cpu_limit(text);
	if (crl_why_parse(text, size, &why) == 0) {
		crl_why_notice(&why, &(struct crl_told_at){0, (enum crl_language)(size % CRL_LANGUAGE_COUNT)}, notice);
		if (!crl_utf8_is_plain(notice))
			abort();
	}
	free(text);
	return 0;
}
