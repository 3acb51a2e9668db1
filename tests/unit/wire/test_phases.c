// SPDX-License-Identifier: Apache-2.0
/*
 * docs/protocol.md and the table of phases say the same, and the same as the document's table of records. Run in the
 * source tree.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "wire/phases.h"
#include "wire/proto.h"

static char *document;

/* The records of the document: "| 1 OPEN | module → helper | …". */
static struct {
	char name[16];
	char way[128]; /* "module → helper, …" */
} types[CRL_MSG_COUNT];

/* Copy one cell, from behind its bar, without the spaces around it. Returns where the next bar is. */
static const char *cell(const char *p, char *ret, size_t size)
{
	size_t len;

	p += strspn(p, "| ");
	len = strcspn(p, "|\n");
	for (; len > 0 && p[len - 1] == ' '; len--)
		;
	assert_true(len < size);
	memcpy(ret, p, len);
	ret[len] = '\0';
	return p + strcspn(p, "|\n");
}

static int setup(void **state)
{
	const char *src = getenv("CARREL_SRC");
	char path[4096], first[64];
	scoped_file *f = NULL;
	size_t size = 0, found = 0;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/docs/protocol.md", src ? src : ".");
	f = fopen(path, "re");
	assert_non_null(f);
	assert_true(getdelim(&document, &size, '\0', f) > 0);
	for (const char *p = document; (p = strstr(p, "\n| ")); p++) {
		unsigned int number;
		const char *next = cell(p + 1, first, sizeof(first));
		char name[16];

		if (sscanf(first, "%u %15[A-Z]", &number, name) != 2)
			continue;
		assert_in_range(number, 1, CRL_MSG_COUNT - 1);
		assert_string_equal(types[number].name, "");
		(void)snprintf(types[number].name, sizeof(types[number].name), "%s", name);
		(void)cell(next, types[number].way, sizeof(types[number].way));
		found++;
	}
	assert_int_equal(found, CRL_MSG_COUNT - 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(document);
	return 0;
}

static unsigned int type_of(const char *name)
{
	for (unsigned int i = 1; i < CRL_MSG_COUNT; i++)
		if (strcmp(types[i].name, name) == 0)
			return i;
	fail_msg("docs/protocol.md: no record is called %s", name);
	return 0;
}

/* "LOOKUP, NAME" */
static uint32_t mask_of(char *names)
{
	uint32_t mask = 0;
	char *rest = NULL;

	for (char *name = strtok_r(names, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest))
		mask |= CRL_ACCEPT(type_of(name));
	return mask;
}

static void the_document_has_the_table(void **state)
{
	const char *p = strstr(document, "\n## Phases\n"), *end = p ? strstr(p + 1, "\n## ") : NULL;
	char name[64], who[64], accept[128];
	size_t i = 0;

	(void)state;
	assert_non_null(end);
	p = strstr(p, "\n| ---");
	assert_true(p && p < end);
	for (p = strchr(p + 1, '\n'); strncmp(p, "\n| ", 3) == 0; i++) {
		p = cell(cell(cell(p + 1, name, sizeof(name)), who, sizeof(who)), accept, sizeof(accept));
		p = strchr(p, '\n');
		assert_in_range(i, 0, CRL_PHASE_COUNT - 1);
		if (strcmp(name, crl_phases[i].name) != 0 || strcmp(who, crl_phases[i].who) != 0 ||
		    mask_of(accept) != crl_phases[i].accept)
			fail_msg("docs/protocol.md, phase %zu is \"%s\" of %s; the table has \"%s\" of %s, and 0x%x", i,
				 name, who, crl_phases[i].name, crl_phases[i].who, crl_phases[i].accept);
	}
	assert_int_equal(i, CRL_PHASE_COUNT);
}

static bool goes_to(unsigned int type, const char *who)
{
	char to[64];

	(void)snprintf(to, sizeof(to), "→ %s", who);
	return strstr(types[type].way, to) != NULL;
}

/* A type is accepted by those to whom it goes, and each to whom it goes has a phase for it. */
static void records_go_to_who_waits(void **state)
{
	static const char *const all[] = {"module", "helper", "supervisor", "init", "listener"};
	uint32_t heard[CRL_ARRAY_LEN(all)] = {0};

	(void)state;
	for (size_t i = 0; i < CRL_PHASE_COUNT; i++) {
		size_t who = 0;

		for (; who < CRL_ARRAY_LEN(all) && strcmp(all[who], crl_phases[i].who) != 0; who++)
			;
		assert_in_range(who, 0, CRL_ARRAY_LEN(all) - 1);
		heard[who] |= crl_phases[i].accept;
	}
	for (unsigned int type = 1; type < CRL_MSG_COUNT; type++)
		for (size_t who = 0; who < CRL_ARRAY_LEN(all); who++)
			if (goes_to(type, all[who]) != ((heard[who] & CRL_ACCEPT(type)) != 0))
				fail_msg("%s: docs/protocol.md and the phases of the %s disagree", types[type].name,
					 all[who]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_document_has_the_table),
		cmocka_unit_test(records_go_to_who_waits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
