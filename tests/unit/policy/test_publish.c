// SPDX-License-Identifier: Apache-2.0
/* Which ports of the host's a user's room has. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/scope.h"
#include "policy/publish.h"

static struct crl_publish_port port[CRL_PUBLISH_MAX];
static char said[CRL_ERR_TEXT_MAX]; /* by the last one */

/* How many, or -errno. */
static int ports_of(struct crl_publish *all, size_t len, uint32_t uid)
{
	const struct crl_policy p = {.publish = all, .publish_len = len};
	struct crl_err err = {0};
	size_t n;
	int rc = crl_publish_ports(&p, uid, port, &n, &err);

	assert_int_equal(rc, -err.code);
	(void)snprintf(said, sizeof(said), "%s", err.text);
	return rc < 0 ? rc : (int)n;
}

static void test_ports(void **state)
{
	struct crl_publish all[] = {{.port = 8443, .to = 443},
				    {.port = 53, .proto = CRL_PUBLISH_UDP},
				    {.first = 10000, .count = 10, .base = 1000}};

	(void)state;
	assert_int_equal(ports_of(all, 3, 1002), 12);
	assert_int_equal(port[0].port, 8443);
	assert_int_equal(port[0].to, 443);
	assert_int_equal(port[1].to, 53);
	assert_int_equal(port[1].proto, CRL_PUBLISH_UDP);
	assert_int_equal(port[2].port, 10020);
	assert_int_equal(port[11].to, 10029);
}

/* keeps: policy/publish R2 */
static void test_ends(void **state)
{
	struct crl_publish low = {.first = 10000, .count = 10, .base = 1000};
	struct crl_publish high = {.first = 30000, .count = 64, .base = 0};
	struct crl_publish twice[] = {{.port = 10005}, low}, many[] = {high, {.port = 80}};

	(void)state;
	assert_int_equal(ports_of(&low, 1, 999), -ERANGE);
	assert_int_equal(ports_of(&low, 1, 1000), 10);
	assert_int_equal(ports_of(&low, 1, 1637), 10);
	assert_int_equal(port[9].port, 16379); /* ten more would be from among those that rooms leave from */
	assert_int_equal(ports_of(&low, 1, 1638), -ERANGE);
	assert_int_equal(ports_of(&low, 1, UINT32_MAX), -ERANGE);
	assert_int_equal(ports_of(&high, 1, 554), 64);
	assert_in_range(port[63].port, 30000, 65535);
	assert_int_equal(ports_of(&high, 1, 555), -ERANGE);
	assert_int_equal(ports_of(twice, 2, 1000), -EEXIST);
	assert_string_equal(said, "network.publish: found 10005/tcp twice for the uid 1000, expected each port once");
	assert_int_equal(ports_of(twice, 2, 1001), 11);
	assert_int_equal(ports_of(many, 2, 0), -E2BIG);
}

/* keeps: policy/publish R1 */
static void test_faults(void **state)
{
	static const struct {
		struct crl_publish one;
		bool good;
	} kase[] = {
		{{.port = 16383}, true},
		{{.port = 16384}, false},
		{{.port = 29999}, false},
		{{.port = 30000}, true},
		{{.first = 16383, .count = 1}, true},
		{{.first = 16383, .count = 2}, false},
		{{.first = 29999, .count = 2}, false},
		{{.first = 65535, .count = 1}, true},
		{{.first = 65535, .count = 2}, false},
		{{.port = 1, .count = 2}, false},
		{{.first = 1}, false},
		{{.to = 1}, false},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++)
		assert_int_equal(!crl_publish_fault(&kase[i].one), kase[i].good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
