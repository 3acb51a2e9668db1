// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as a request of a user in their room, as the keeper's answer to it, and as the file of wishes.
 *
 * Runs in: libFuzzer only.
 */
#include <stdlib.h>

#include "helper/keeper/wishes.h"
#include "tests/fuzz/records.h"
#include "wire/wish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

/* Whatever passes can be carried out: a text that ends, a request that there is, a name that is no path. */
static void try_record(const uint8_t *data, size_t size)
{
	static struct crl_wish_record r;

	if (size > sizeof(r))
		return;
	memset(&r, 0xff, sizeof(r));
	memcpy(&r, data, size);
	r.magic = CRL_WISH_MAGIC; /* behind the first checks more often than chance has it */
	r.version = CRL_WISH_VERSION;
	if (crl_wish_check(&r, size) < 0)
		return;
	expect(strnlen(r.text, sizeof(r.text)) < sizeof(r.text));
	if (r.type == CRL_WISH_ASK)
		expect(r.number > 0 && r.number < CRL_WISH_ASK_COUNT &&
		       (r.number == CRL_WISH_SNAPSHOT ? !strchr(r.text, '/') && r.text[0] != '.' : !r.text[0]));
}

/* What is read is written back as it was, and changes leave it what can be read. */
static void try_file(const uint8_t *data, size_t size)
{
	char text[KEEPER_WISHES_SIZE];
	struct keeper_wishes w, again;

	if (keeper_wishes_parse((const char *)data, size, &w) < 0) {
		expect(w.len == 0);
		return;
	}
	keeper_wishes_print(&w, text);
	expect(keeper_wishes_parse(text, sizeof(text), &again) == 0 && again.len == w.len);
	for (size_t i = 0; i < w.len; i++)
		expect(again.wish[i].what == w.wish[i].what && strcmp(again.wish[i].name, w.wish[i].name) == 0);
	(void)!keeper_wishes_add(&w, CRL_WISH_KEEP, "");
	(void)!keeper_wishes_add(&w, CRL_WISH_SNAPSHOT, "another");
	keeper_wishes_print(&w, text);
	expect(keeper_wishes_parse(text, sizeof(text), &again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_record(data, size);
	try_file(data, size);
	return 0;
}
