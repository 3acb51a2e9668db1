// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as a request for an errand: the record, then its words as arguments of each program.
 *
 * Runs in: libFuzzer only.
 */
#include <stdlib.h>

#include "plan/errand_args.h"
#include "tests/fuzz/records.h"
#include "wire/errand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

/* Whatever passes, no word of it names a file or a program, and no option is one of those that must never pass. */
static void judge(const struct crl_errand *e, char *const *args, size_t len)
{
	struct crl_err err = {0};
	int rc = crl_errand_args_check(e, "ana", args, len, &err);

	expect(rc == 0 || (rc == -EPERM && err.code == EPERM));
	for (size_t i = 0; i < len && rc == 0; i++) {
		if (i > 0 && strcmp(args[i - 1], "-F") == 0) /* somebody's name in full */
			continue;
		expect(args[i][0] != '/' && args[i][0] != '|' && (args[i][0] != ':' || e->power != CRL_ERRAND_MAILER));
		expect(strncmp(args[i], "-C", 2) != 0 && strncmp(args[i], "-X", 2) != 0 &&
		       strncmp(args[i], "-O", 2) != 0 && strncmp(args[i], "-D", 2) != 0 &&
		       strncmp(args[i], "-oQ", 3) != 0 && strncmp(args[i], "-be", 3) != 0);
	}
	(void)crl_errand_arg_first(e, args, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crl_errand_record r;
	char *word[CRL_ERRAND_WORDS_MAX];

	if (size > sizeof(r))
		return 0;
	memset(&r, 0, sizeof(r));
	memcpy(&r, data, size);
	/* Behind the first checks more often than chance has it. */
	r.magic = CRL_ERRAND_MAGIC;
	r.version = CRL_ERRAND_VERSION;
	if (crl_errand_check(&r, size, word) < 0)
		return 0;
	for (size_t i = 0; i < r.words; i++)
		expect(word[i] >= r.text && word[i] + strlen(word[i]) < r.text + sizeof(r.text));
	for (size_t i = 0; i < crl_errands_len; i++)
		judge(&crl_errands[i], word, r.words);
	if (r.words)
		(void)crl_errand_word_is_plain(word[0]);
	return 0;
}
