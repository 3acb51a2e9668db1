// SPDX-License-Identifier: Apache-2.0
/*
 * The configurations that pages of docs/ show are right: each block "```conf" is a whole file, "```conf policy" what stands in
 * a policy, "```conf rule" a rule. Run in the source tree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glob.h>

#include "base/parse.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "tests/unit/policy/policytext.h"

static size_t blocks;

/* The shipped policies, and those of the block where a policy of it may name them. */
static char *with_shipped(const char *block)
{
	scoped_free char *shipped = shipped_policies();
	const char *mine = strstr(block, "policies = {");
	char *text = NULL;

	*strrchr(shipped, '}') = '\0';
	if (mine)
		assert_true(asprintf(&text, "%.*s%s%s", (int)(mine - block), block, shipped,
				     mine + strlen("policies = {")) > 0);
	else
		assert_true(asprintf(&text, "%s%s};\n", block, shipped) > 0);
	return text;
}

static char *whole(const char *kind, const char *block)
{
	scoped_free char *text = NULL;
	bool policy = strcmp(kind, " policy") == 0, rule = strcmp(kind, " rule") == 0;

	assert_true(asprintf(&text, "%s%s%s",
			     policy ? "policies = {\nof-page = {\n"
			     : rule ? "rules = (\n"
				    : "",
			     block,
			     policy ? "\n};\n};\n"
			     : rule ? "\n{ policy = \"shared\"; } );\n"
				    : "\n") > 0);
	return with_shipped(text);
}

static void check_block(const char *page, const char *kind, const char *block)
{
	scoped_free char *text = whole(kind, block);
	struct crl_config *c = NULL;
	struct crl_err err = {0};

	blocks++;
	if (config_from_text(text, &c, &err) < 0)
		fail_msg("%s: %s, in:\n%s", page, err.text, block);
	if (crl_config_check_all(c, &err) < 0)
		fail_msg("%s: %s, in:\n%s", page, err.text, block);
	crl_config_free(c);
}

static void check_page(const char *page)
{
	scoped_free char *text = read_file(page);
	char *end;

	for (char *p = strstr(text, "\n```conf"); p; p = strstr(end + 4, "\n```conf")) {
		char *kind = p + strlen("\n```conf");
		char *block = strchr(kind, '\n');

		*block++ = '\0';
		end = strstr(block, "\n```");
		if (!end) {
			fail_msg("%s: a block has no end", page);
			return;
		}
		*end = '\0';
		check_block(page, kind, block);
	}
}

static void test_pages(void **state)
{
	const char *src = getenv("CARREL_SRC");
	scoped_free char *pattern = NULL;
	size_t skip = strlen(src ? src : ".") + 1;
	glob_t found = {0};

	(void)state;
	assert_true(asprintf(&pattern, "%s/docs/*.md", src ? src : ".") > 0);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_page(found.gl_pathv[i] + skip);
	globfree(&found);
	check_page("README.md");
	assert_true(blocks > 10); /* the blocks are found at all */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
