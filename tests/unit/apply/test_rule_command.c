// SPDX-License-Identifier: Apache-2.0
/* Programs of the host's stand for the administrator's. That one that hangs is ended is shown by the live suite hpc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>

#include "apply/rule_command.h"
#include "base/clock.h"
#include "tests/unit/scratch.h"

static const struct crl_login login = {.uid = 1500, .user = "ann", .service = "sshd"};

static int ask(const char *text, int64_t deadline_ms, struct crl_err *err)
{
	int ms;

	*err = (struct crl_err){0};
	return crl_ask_rule_command(
		&(struct crl_asked_command){.text = text, .login = &login, .deadline_ms = deadline_ms}, &ms, err);
}

/* keeps: apply/rule_command R1 */
static void test_answers(void **state)
{
	struct crl_err err;

	(void)state;
	assert_int_equal(ask("/usr/bin/test %u = ann", 0, &err), 1);
	assert_int_equal(ask("/usr/bin/test %u = bob", 0, &err), 0);
	assert_int_equal(ask("/usr/bin/test %u = ann -o", 0, &err), -EIO); /* its usage: 2 */
	assert_non_null(strstr(err.text, "found exit status 2, expected 0 or 1"));
	assert_int_equal(ask("/usr/bin/no-such-program %u", 0, &err), -ENOENT);
	assert_int_equal(ask("/etc/passwd", 0, &err), -EACCES);
	assert_int_equal(ask("/usr/bin", 0, &err), -EPERM);
}

/* keeps: apply/rule_command R2 */
static void test_deadline(void **state)
{
	struct crl_err err;

	(void)state;
	assert_int_equal(ask("/usr/bin/sleep 600", crl_now_ms() + 50, &err), -ETIMEDOUT);
}

/* What somebody else can write decides nothing. */
static void test_trust(void **state)
{
	struct crl_err err;
	char path[256];

	(void)state;
	write_file("program", "#!/bin/sh\nexit 0\n");
	assert_int_equal(chmod(at("program"), 0777), 0);
	(void)snprintf(path, sizeof(path), "%s", at("program"));
	assert_int_equal(ask(path, 0, &err), -EPERM);
	assert_int_equal(crl_prove_rule_command(path, &err), -EPERM);
	assert_int_equal(crl_prove_rule_command("/usr/bin/test %u", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_trust),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
