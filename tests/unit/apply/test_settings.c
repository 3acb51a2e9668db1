// SPDX-License-Identifier: Apache-2.0
/* Settings as a text, and what need not be looked at in a room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/settings.h"
#include "base/file.h"
#include "base/nskind.h"
#include "base/scope.h"

#define ALL (CRL_NS_BIT(CRL_NS_IPC) | CRL_NS_BIT(CRL_NS_NET))

static struct crl_settings host;

static size_t known(const struct crl_settings *s)
{
	size_t n = 0;

	for (size_t i = 0; i < CRL_SETTINGS_MAX; i++)
		n += s->len[i] > 0;
	return n;
}

static int read_host(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	crl_settings_read(&host, ALL);
	return 0;
}

static void test_the_same(void **state)
{
	char text[8192];

	(void)state;
	assert_true(known(&host) > 8);
	assert_int_equal(crl_settings_print(&host, false, text, sizeof(text)), 0);
	crl_settings_leave_out(&host, text);
	assert_int_equal(known(&host), 0);
}

/* Another value, a longer and a shorter one, another name, a half line. */
static void test_what_differs_stays(void **state)
{
	static const char *const texts[] = {"kernel/shmmni=4097\n",
					    "kernel/shmmni=40960\n",
					    "kernel/shmmni=409\n",
					    "kernel/shmmn=4096\n",
					    "kernel/shmmni2=4096\n",
					    "kernel/shmmni=4096",
					    "kernel/shmmni4096\n",
					    "=\n",
					    "\n",
					    ""};
	struct crl_settings s = {.len[2] = 5};

	(void)state;
	memcpy(s.text[2], "4096\n", 5);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		crl_settings_leave_out(&s, texts[i]);
		assert_int_equal(s.len[2], 5);
	}
	crl_settings_leave_out(&s, "kernel/shmall=1\nkernel/shmmni=4096\n");
	assert_int_equal(s.len[2], 0);
}

static void test_inherited_is_not_written(void **state)
{
	char all[8192], less[8192];

	(void)state;
	assert_int_equal(crl_settings_print(&host, false, all, sizeof(all)), 0);
	assert_int_equal(crl_settings_print(&host, true, less, sizeof(less)), 0);
	assert_null(strstr(less, "net/ipv6/conf/"));
	if (!strstr(all, "net/ipv6/conf/"))
		skip(); /* a kernel without IPv6 */
	assert_true(strlen(less) < strlen(all));
}

#define IPV6 "/proc/sys/net/ipv6/conf/"

/* A host without IPv6 but on its loopback interface. Returns what the room has there, or why there is none. */
static int loopback_of_room(void)
{
	static struct crl_settings fresh;
	scoped_fd sys = crl_settings_open();
	char text[8192], lo[8];

	if (unshare(CLONE_NEWNET) < 0 || access(IPV6 "lo", F_OK) < 0)
		return 77;
	crl_settings_read(&fresh, CRL_NS_BIT(CRL_NS_NET));
	if (crl_settings_print(&fresh, false, text, sizeof(text)) < 0 ||
	    crl_file_write(AT_FDCWD, IPV6 "all/disable_ipv6", "1\n") < 0 ||
	    crl_file_write(AT_FDCWD, IPV6 "lo/disable_ipv6", "0\n") < 0)
		return 78;
	crl_settings_read(&host, CRL_NS_BIT(CRL_NS_NET));
	crl_settings_leave_out(&host, text);
	if (unshare(CLONE_NEWNET) < 0)
		return 78;
	crl_settings_write(&host, sys);
	return crl_file_read(AT_FDCWD, IPV6 "lo/disable_ipv6", lo, sizeof(lo)) > 0 ? lo[0] : 78;
}

/* Setting one for all interfaces sets the others as well: what a new namespace had already has to be set again. */
static void test_one_that_sets_others(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		_exit(loopback_of_room());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); /* no root, or no IPv6 */
	assert_int_equal(WEXITSTATUS(status), '0');
}

static void test_no_room(void **state)
{
	char small[20];

	(void)state;
	assert_int_equal(crl_settings_print(&host, false, small, sizeof(small)), -ENOBUFS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_same, read_host),
		cmocka_unit_test(test_what_differs_stays),
		cmocka_unit_test_setup(test_inherited_is_not_written, read_host),
		cmocka_unit_test(test_one_that_sets_others),
		cmocka_unit_test_setup(test_no_room, read_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
