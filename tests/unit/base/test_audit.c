// SPDX-License-Identifier: Apache-2.0
/* Values in records for audit: none of them can begin another field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/audit.h"

static void fields(void **state)
{
	char buf[CRL_AUDIT_FIELD_MAX(16)], small[12];

	(void)state;
	assert_string_equal(crl_audit_field(buf, sizeof(buf), "acct", "ana"), " acct=\"ana\"");
	assert_string_equal(crl_audit_field(buf, sizeof(buf), "addr", ""), " addr=?");
	/* keeps: base/audit R1 */
	assert_string_equal(crl_audit_field(buf, sizeof(buf), "acct", "a b"), " acct=612062");
	assert_string_equal(crl_audit_field(buf, sizeof(buf), "acct", "a\"b"), " acct=612262");
	assert_string_equal(crl_audit_field(buf, sizeof(buf), "acct", "a'b"), " acct=612762");
	assert_string_equal(crl_audit_field(buf, sizeof(buf), "acct", "\n\377"), " acct=0AFF");
	assert_string_equal(crl_audit_field(buf, sizeof(buf), "acct", "1234567890 23456"),
			    " acct=31323334353637383930203233343536");
	assert_string_equal(crl_audit_field(small, sizeof(small), "acct", "a bcdef"), " acct=6120");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
