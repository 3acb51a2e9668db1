// SPDX-License-Identifier: Apache-2.0
/* Links between two network namespaces of this process's own: nothing of the machine's is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ip.h>
#include <sched.h>
#include <unistd.h>

#include "apply/net/rtnl.h"
#include "apply/net/veth.h"

static int host = -1, room = -1; /* namespaces */
static int out = -1, in = -1; /* sockets of them */

static int begin(void **state)
{
	(void)state;
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	room = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(crl_rtnl_open(&in), 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	host = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_int_equal(crl_rtnl_open(&out), 0);
	return 0;
}

static int done(void **state)
{
	(void)state;
	(void)close(in);
	(void)close(out);
	(void)close(room);
	(void)close(host);
	return 0;
}

static const struct crl_veth *only(int fd, struct crl_veth **ret, size_t *ret_len)
{
	assert_int_equal(crl_veth_find(fd, "crl-", ret, ret_len), 0);
	assert_int_equal(*ret_len, 1);
	return *ret;
}

/* keeps: apply/net/veth R1 R2 */
static void test_make(void **state)
{
	const struct crl_veth_wish w = {"crl-7", "carrel room abcdefgh", 0x87654321, room};
	struct crl_veth_wish again = w;
	scoped_free struct crl_veth *link = NULL, *none = NULL;
	size_t len;

	(void)state;
	assert_int_equal(crl_veth_make(out, &w), 0);
	assert_string_equal(only(out, &link, &len)->name, "crl-7");
	assert_string_equal(link->alias, "carrel room abcdefgh");
	assert_int_equal(link->group, 0x87654321);
	assert_int_equal(crl_veth_index(out, "crl-7"), link->index);
	/* The other end is there and only there. */
	assert_true(crl_veth_index(in, CRL_VETH_INSIDE) > 0);
	assert_int_equal(crl_veth_index(out, CRL_VETH_INSIDE), -ENODEV);
	assert_int_equal(crl_veth_find(in, "crl-", &none, &len), 0);
	assert_int_equal(len, 0);

	again.alias = "another's";
	assert_int_equal(crl_veth_make(out, &again), -EEXIST);
	free(link);
	link = NULL;
	assert_string_equal(only(out, &link, &len)->alias, "carrel room abcdefgh");
	again.name = "crl-8"; /* a free one, and a room that has its end already */
	assert_int_equal(crl_veth_make(out, &again), -ENOTUNIQ);
	assert_int_equal(crl_veth_delete(out, "crl-7"), 0);
	assert_int_equal(crl_veth_index(in, CRL_VETH_INSIDE), -ENODEV);
	assert_int_equal(crl_veth_delete(out, "crl-7"), -ENODEV);
}

static void number_file(const char *path, const char *want)
{
	char text[16] = "";
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, want);
}

/* keeps: apply/net/rtnl R1 */
static void test_settings(void **state)
{
	const struct crl_veth_wish w = {"crl-8", "carrel room x", 1, room};
	const uint8_t four[4] = {198, 18, 0, 16}, far[4] = {198, 18, 0, 17}, six[16] = {0xfd, [15] = 0x10};
	int index;

	(void)state;
	assert_int_equal(crl_veth_make(out, &w), 0);
	index = crl_veth_index(out, "crl-8");
	assert_int_equal(crl_veth_set_ipv4(out, index, IPV4_DEVCONF_FORWARDING, 1), 0);
	assert_int_equal(crl_veth_set_ipv4(out, index, IPV4_DEVCONF_RP_FILTER, 1), 0);
	assert_int_equal(setns(host, CLONE_NEWNET), 0);
	number_file("/proc/sys/net/ipv4/conf/crl-8/forwarding", "1");
	number_file("/proc/sys/net/ipv4/conf/all/forwarding", "0");
	number_file("/proc/sys/net/ipv4/conf/crl-8/rp_filter", "1");
	assert_int_equal(crl_veth_add_address(out, index, AF_INET, four, 31), 0);
	assert_int_equal(crl_veth_add_address(out, index, AF_INET, four, 31), -EEXIST);
	assert_int_equal(crl_veth_add_address(out, index, AF_INET6, six, 127), 0);
	/* A way needs a link that is up. */
	assert_int_equal(crl_veth_add_default(out, index, AF_INET, far), -ENETUNREACH);
	assert_int_equal(crl_veth_up(out, index), 0);
	assert_int_equal(crl_veth_up(in, crl_veth_index(in, CRL_VETH_INSIDE)), 0);
	assert_int_equal(crl_veth_add_default(out, index, AF_INET, far), 0);
	assert_int_equal(crl_veth_set_ipv4(out, index, 9999, 1), -EINVAL);
	assert_int_equal(crl_veth_up(out, 9999), -ENODEV);
	assert_int_equal(crl_veth_delete(out, "crl-8"), 0);
}

/* What is too long for a message is not sent in part. */
static void test_cut(void **state)
{
	char alias[CRL_RTNL_MAX + 1];
	const struct crl_veth_wish w = {"crl-9", alias, 1, room};
	scoped_free struct crl_veth *link = NULL;
	size_t len;

	(void)state;
	memset(alias, 'a', sizeof(alias));
	alias[sizeof(alias) - 1] = '\0';
	assert_int_equal(crl_veth_make(out, &w), -EMSGSIZE);
	assert_int_equal(crl_veth_find(out, "crl-", &link, &len), 0);
	assert_int_equal(len, 0);
}

static void test_many(void **state)
{
	scoped_free struct crl_veth *link = NULL;
	size_t len;

	(void)state;
	for (int i = 0; i < 100; i++) {
		char name[16];
		const struct crl_veth_wish w = {name, "carrel room x", 1, room};

		(void)snprintf(name, sizeof(name), "crl-%d", i);
		if (i > 0)
			assert_int_equal(crl_veth_make(out, &w), -ENOTUNIQ); /* there is one eth0 */
		else
			assert_int_equal(crl_veth_make(out, &w), 0);
	}
	assert_int_equal(crl_veth_find(out, "", &link, &len), 0);
	assert_true(len >= 2); /* with lo */
	assert_int_equal(crl_veth_delete(out, "crl-0"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_many),
	};

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, begin, done);
}
