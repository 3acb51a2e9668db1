// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/netrule.h"

static void test_good(void **state)
{
	static const struct {
		const char *text;
		bool host;
		int family;
		uint8_t first, bits, protocol;
		size_t ports;
		uint16_t port, last;
	} kase[] = {
		{"any", false, AF_UNSPEC, 0, 0, 0, 0, 0, 0},
		{"host", true, AF_UNSPEC, 0, 0, 0, 0, 0, 0},
		{"host udp 53", true, AF_UNSPEC, 0, 0, IPPROTO_UDP, 1, 53, 53},
		{"192.0.2.0/24", false, AF_INET, 192, 24, 0, 0, 0, 0},
		{"192.0.2.9", false, AF_INET, 192, 32, 0, 0, 0, 0},
		{"0.0.0.0/0", false, AF_INET, 0, 0, 0, 0, 0, 0},
		{"::/0 icmp", false, AF_INET6, 0, 0, IPPROTO_ICMP, 0, 0, 0},
		{"2001:db8::/33 tcp", false, AF_INET6, 0x20, 33, IPPROTO_TCP, 0, 0, 0},
		{"10.0.0.0/9 tcp 8000-8999", false, AF_INET, 10, 9, IPPROTO_TCP, 1, 8000, 8999},
		{"any tcp 1-65535", false, AF_UNSPEC, 0, 0, IPPROTO_TCP, 1, 1, 65535},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct crl_netrule r[CRL_NETRULE_EACH_MAX];
		size_t len = 0;

		print_message("%s\n", kase[i].text);
		assert_null(crl_netrule_parse(kase[i].text, r, &len));
		assert_int_equal(len, 1);
		assert_ptr_equal(r[0].text, kase[i].text);
		assert_int_equal(r[0].host, kase[i].host);
		assert_int_equal(r[0].family, kase[i].family);
		assert_int_equal(r[0].address[0], kase[i].first);
		assert_int_equal(r[0].bits, kase[i].bits);
		assert_int_equal(r[0].protocol, kase[i].protocol);
		assert_int_equal(r[0].ports, kase[i].ports);
		assert_int_equal(r[0].port[0].first, kase[i].port);
		assert_int_equal(r[0].port[0].last, kase[i].last);
	}
}

static void test_bad(void **state)
{
	static const char *const kase[] = {
		"",
		" ",
		"all",
		"example.org",
		"any ",
		" any",
		"any  tcp",
		"any tcp ",
		"any tcp  80",
		"any tcp 80 ",
		"any tcp 0",
		"any tcp 65536",
		"any tcp 080",
		"any tcp 90-80",
		"any tcp 80-",
		"any tcp -80",
		"any tcp ,80",
		"any tcp 80,",
		"any tcp 80,,81",
		"any tcp 80, 81",
		"any tcp http",
		"any 80",
		"any sctp",
		"any icmp 8",
		"192.0.2.1/24",
		"192.0.2.0/33",
		"192.0.2.0/",
		"192.0.2.0/024",
		"192.0.2",
		"192.0.2.0.0/8",
		"2001:db8::1/64",
		"2001:db8::/129",
		"fe80::1%eth0",
		"[2001:db8::1]",
		"@Private",
		"@loop",
		"!any",
		"any tcp 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33",
	};
	char longest[300];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		print_message("%s\n", kase[i]);
		assert_non_null(crl_netrule_parse(kase[i], NULL, NULL));
	}
	memset(longest, '1', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_non_null(crl_netrule_parse(longest, NULL, NULL));
}

/* A set of nftables refuses ranges that meet. */
static void test_ports_apart(void **state)
{
	struct crl_netrule r[CRL_NETRULE_EACH_MAX];
	size_t len;

	(void)state;
	assert_null(crl_netrule_parse("any tcp 443,80,81,8000-8999,100,8500-9100,65535", r, &len));
	assert_int_equal(r[0].ports, 5);
	for (size_t i = 1; i < r[0].ports; i++)
		assert_true(r[0].port[i].first > r[0].port[i - 1].last + 1);
	assert_int_equal(r[0].port[0].first, 80);
	assert_int_equal(r[0].port[0].last, 81);
	assert_int_equal(r[0].port[3].first, 8000);
	assert_int_equal(r[0].port[3].last, 9100);
	assert_null(crl_netrule_parse("any tcp 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31", r, &len));
	assert_int_equal(r[0].ports, CRL_NETRULE_PORTS_MAX);
}

/* Each of a ready-made group is a network in its own right, with what was said behind the name. */
static void test_groups(void **state)
{
	static const struct {
		const char *text, *in, *out;
	} kase[] = {
		{"@private tcp 80", "10.255.0.1", "11.0.0.1"},
		{"@private tcp 80", "172.31.255.255", "172.32.0.0"},
		{"@private tcp 80", "100.127.0.1", "100.128.0.1"},
		{"@private tcp 80", "192.168.9.9", "192.169.0.1"},
		{"@private tcp 80", "169.254.169.254", "9.9.9.9"},
		{"@private tcp 80", "255.255.255.255", "223.255.255.255"},
		{"@private tcp 80", "fd12::1", "2001:db8::1"},
		{"@private tcp 80", "fe80::1", "fe00::1"},
		{"@private tcp 80", "fec0::1", "2001:db8::1"},
		{"@private tcp 80", "::10.0.0.1", "::1:0:0:1"},
		{"@private tcp 80", "64:ff9b::10.255.0.1", "64:ff9b::11.0.0.1"},
		{"@private tcp 80", "64:ff9b::192.168.0.1", "64:ff9b::192.169.0.1"},
		{"@metadata tcp 80", "64:ff9b::168.63.129.16", "64:ff9b::168.63.129.17"},
		{"@metadata tcp 80", "64:ff9b::100.100.100.200", "64:ff9b::100.100.100.201"},
		{"@metadata tcp 80", "169.254.169.254", "169.254.169.253"},
		{"@metadata tcp 80", "fd00:ec2::254", "fd00:ec2::255"},
		{"@loopback tcp 80", "127.0.0.1", "126.255.255.255"},
		{"@loopback tcp 80", "127.255.255.255", "128.0.0.0"},
		{"@loopback tcp 80", "0.0.0.0", "0.0.0.1"},
		{"@loopback tcp 80", "::1", "::2"},
		{"@loopback tcp 80", "::", "::2"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct crl_netrule r[CRL_NETRULE_EACH_MAX];
		uint8_t in[16], out[16], bits;
		bool has = false, has_out = false;
		size_t len = 0;
		int family;

		assert_null(crl_netrule_parse(kase[i].text, r, &len));
		assert_in_range(len, 4, CRL_NETRULE_EACH_MAX);
		assert_null(crl_netrule_network(kase[i].in, &family, in, &bits));
		assert_null(crl_netrule_network(kase[i].out, &family, out, &bits));
		for (size_t j = 0; j < len; j++) {
			assert_in_range(r[j].bits, 3, 128);
			assert_int_equal(r[j].port[0].first, 80);
			has |= r[j].family == family && crl_netrule_is_within(in, r[j].address, r[j].bits);
			has_out |= r[j].family == family && crl_netrule_is_within(out, r[j].address, r[j].bits);
		}
		print_message("%s %s %s\n", kase[i].text, kase[i].in, kase[i].out);
		assert_true(has);
		assert_false(has_out);
	}
}

static void test_listen(void **state)
{
	static const struct {
		const char *text;
		bool good;
		size_t ports;
		uint8_t protocol;
	} kase[] = {
		{"any", true, 0, 0},        {"127.0.0.1", true, 0, 0},       {"::1 tcp 80", true, 1, IPPROTO_TCP},
		{"@loopback", true, 0, 0},  {"ports 8000-8999", true, 1, 0}, {"ports 22,80-90", true, 2, 0},
		{"ports", false, 0, 0},     {"ports ", false, 0, 0},         {"ports  80", false, 0, 0},
		{"ports 0", false, 0, 0},   {"ports 80,", false, 0, 0},      {"ports 80 tcp", false, 0, 0},
		{"ports 9-8", false, 0, 0}, {"host", false, 0, 0},           {"host tcp 80", false, 0, 0},
		{"", false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		struct crl_netrule r[CRL_NETRULE_EACH_MAX];
		size_t len = 0;

		print_message("\"%s\"\n", kase[i].text);
		assert_int_equal(!crl_netrule_parse_listen(kase[i].text, r, &len), kase[i].good);
		assert_int_equal(!crl_netrule_parse_listen(kase[i].text, NULL, NULL), kase[i].good);
		if (!kase[i].good)
			continue;
		assert_in_range(len, 1, CRL_NETRULE_EACH_MAX);
		assert_int_equal(r[0].ports, kase[i].ports);
		assert_int_equal(r[0].protocol, kase[i].protocol);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),   cmocka_unit_test(test_bad),    cmocka_unit_test(test_ports_apart),
		cmocka_unit_test(test_groups), cmocka_unit_test(test_listen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
