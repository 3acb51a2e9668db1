// SPDX-License-Identifier: Apache-2.0
/* The launcher's command line, and where it looks for commands: as execvp(3) does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "caps/words.h"

static const struct {
	const char *argv[8];
	bool fault, try;
	const char *name;
	int command; /* index of argv, or that of its NULL */
} calls[] = {
	{{NULL}, false, false, NULL, 0},
	{{"caps"}, false, false, NULL, 1},
	{{"caps", "ping", "-c", "1"}, false, false, NULL, 1},
	{{"", "ping"}, false, false, NULL, 1},
	{{"caps", "-t", "ping", "-t"}, false, true, NULL, 2},
	{{"caps", "-a", "-bash", "--", "/bin/bash", "-l"}, false, false, "-bash", 4},
	{{"caps", "-t", "-a", "", "--", "-x"}, false, true, "", 5},
	{{"caps", "--"}, false, false, NULL, 2},
	{{"caps", "--", "--"}, false, false, NULL, 2},
	{{"caps", "", "x"}, false, false, NULL, 1},
	{{"caps", "-a"}, true, false, NULL, 1},
	{{"caps", "-"}, true, false, NULL, 1},
	{{"caps", "-x", "ping"}, true, false, NULL, 1},
	{{"caps", "-ta", "x"}, true, false, NULL, 1},
	{{"caps", "--help"}, true, false, NULL, 1},
};

static void test_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(calls); i++) {
		char **argv = crl_unconst(calls[i].argv);
		struct crl_launch_call call;

		memset(&call, 0xff, sizeof(call));
		crl_launch_call_read(argv, &call);
		if (call.fault != calls[i].fault || call.try != calls[i].try || call.command != argv + calls[i].command)
			fail_msg("call %zu", i);
		assert_int_equal(!call.name, !calls[i].name);
		if (call.name)
			assert_string_equal(call.name, calls[i].name);
	}
}

static void test_variables(void **state)
{
	char *envp[] = {crl_unconst("PAT=1"),      crl_unconst("PATHS=2"), crl_unconst("PATH"),
			crl_unconst("PATH=/a:/b"), crl_unconst("PATH=/c"), NULL};

	(void)state;
	assert_string_equal(crl_launch_variable(envp, "PATH"), "/a:/b");
	assert_string_equal(crl_launch_variable(envp, "PAT"), "1");
	assert_null(crl_launch_variable(envp, "HOME"));
	assert_null(crl_launch_variable(envp + 5, "PATH"));
}

/* All places of "ping", with spaces between; "!" for one that is too long. */
static void places(const char *command, const char *path, char *buf)
{
	char place[CRL_LAUNCH_PATH_MAX];

	*buf = '\0';
	while (path)
		(void)strcat(strcat(buf, crl_launch_place(command, &path, place) ? place : "!"), " ");
}

static void test_places(void **state)
{
	static char all[4 * CRL_LAUNCH_PATH_MAX], longest[CRL_LAUNCH_PATH_MAX];

	(void)state;
	places("ping", "/usr/bin:/bin", all);
	assert_string_equal(all, "/usr/bin/ping /bin/ping ");
	places("ping", "", all);
	assert_string_equal(all, "ping ");
	places("ping", ":/bin:", all);
	assert_string_equal(all, "ping /bin/ping ping ");
	places("./ping", "/usr/bin:/bin", all);
	assert_string_equal(all, "./ping ");
	places("/bin/ping", "/usr/bin", all);
	assert_string_equal(all, "/bin/ping ");
	memset(longest, 'x', sizeof(longest) - 1);
	places(longest, "/bin:/usr/bin", all);
	assert_string_equal(all, "! ! ");
	/* "D/x" and its NUL fit, to the byte */
	longest[CRL_LAUNCH_PATH_MAX - 3] = '\0';
	places("x", longest, all);
	assert_int_equal(strlen(all), CRL_LAUNCH_PATH_MAX);
	longest[CRL_LAUNCH_PATH_MAX - 3] = 'x';
	longest[CRL_LAUNCH_PATH_MAX - 2] = '\0';
	places("x", longest, all);
	assert_string_equal(all, "! ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests_name("caps/words", tests, NULL, NULL);
}
