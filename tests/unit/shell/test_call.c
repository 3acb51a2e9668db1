// SPDX-License-Identifier: Apache-2.0
/* Each way in which sshd, su, login and users call carrel-shell, and what it takes it for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "shell/call.h"

static const struct {
	const char *argv[5];
	const char *original;
	bool login, forced;
	const char *command;
	size_t args;
} calls[] = {
	/* sshd for a shell, login, su - */
	{{"-carrel-shell"}, NULL, true, false, NULL, 0},
	{{"-su"}, NULL, true, false, NULL, 0},
	{{"-"}, NULL, true, false, NULL, 0},
	/* what sshd leaves of another forced command is none of ours */
	{{"-carrel-shell"}, "ls", true, false, NULL, 0},
	{{"carrel-shell", "-c", "rrsync /srv"}, "rsync --server", false, false, NULL, 2},
	/* su - -c */
	{{"-carrel-shell", "-c", "id"}, NULL, true, false, NULL, 2},
	/* sshd for a command, su -c, cron with SHELL= */
	{{"carrel-shell", "-c", "id"}, NULL, false, false, NULL, 2},
	{{"/usr/bin/carrel-shell", "-c", "id"}, "ls", false, false, NULL, 2},
	{{"carrel-shell", "-c", ""}, NULL, false, false, NULL, 2},
	{{"carrel-shell", ""}, "ls", false, false, NULL, 1},
	{{"carrel-shell", "-i", "-l", "file"}, NULL, false, false, NULL, 3},
	{{"carrel-shell", "--version"}, NULL, false, false, NULL, 1},
	/* su without a dash */
	{{"carrel-shell"}, NULL, false, false, NULL, 0},
	{{""}, NULL, false, false, NULL, 0},
	{{NULL}, NULL, false, false, NULL, 0},
	/* ForceCommand, as passwd's shell calls it */
	{{"/usr/bin/carrel-shell"}, NULL, true, true, NULL, 0},
	{{"/usr/bin/carrel-shell"}, "id; echo 'a  b'", false, true, "id; echo 'a  b'", 0},
	{{"/usr/bin/carrel-shell"}, "", false, true, "", 0},
	{{"carrel-shell"}, "id", false, true, "id", 0},
	{{"./carrel-shell"}, NULL, true, true, NULL, 0},
};

static void test_calls(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(calls); i++) {
		struct crl_shell_call call;
		size_t n = 0;

		crl_shell_call_read(crl_unconst(calls[i].argv), calls[i].original, &call);
		assert_int_equal(call.login, calls[i].login);
		assert_int_equal(call.forced, calls[i].forced);
		assert_ptr_equal(call.command, calls[i].command ? calls[i].original : NULL);
		for (; call.args[n]; n++)
			assert_ptr_equal(call.args[n], calls[i].argv[n + 1]);
		assert_int_equal(n, calls[i].args);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
