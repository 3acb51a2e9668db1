// SPDX-License-Identifier: Apache-2.0
/* /proc/net/unix: what can be connected to by name, whatever the names are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "plan/mounts.h"

#define HEADING "Num       RefCount Protocol Flags    Type St Inode Path\n"
#define LISTENS "0000000000000000: 00000002 00000000 00010000 0001 01 20631 "
#define DATAGRAM "0000000000000000: 00000003 00000000 00000000 0002 01  9312 "
#define CONNECTED "0000000000000000: 00000003 00000000 00000000 0001 03 20632 "

static struct crl_host host;

static void give(const char *text, size_t len)
{
	int fd = memfd_create("unix", 0);

	crl_host_done(&host);
	host = (struct crl_host){0};
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(crl_host_read_sockets(fd, &host, NULL), 0);
	(void)close(fd);
}

static void test_kinds(void **state)
{
	static const char text[] = HEADING LISTENS "/var/lib/x.sock\n" CONNECTED "/var/lib/x.sock\n" LISTENS "@abstract\n"
					   DATAGRAM "/srv/log dir/s\n" LISTENS "relative\n" CONNECTED "\n" LISTENS "/last";

	(void)state;
	give(text, sizeof(text) - 1);
	assert_int_equal(host.sockets_len, 2); /* a line without its end is not there yet */
	assert_string_equal(host.sockets[0], "/var/lib/x.sock");
	assert_string_equal(host.sockets[1], "/srv/log dir/s");
	assert_false(host.sockets_cut);
}

/* A name may have a line end, a NUL, no end, or what looks like a line. */
static void test_hostile(void **state)
{
	static const char text[] = LISTENS "/a\nb: x y z\n" LISTENS "/c\0d\n:::::\n: \n" LISTENS "/e\n";
	char *longest = malloc(20000);

	(void)state;
	give(text, sizeof(text) - 1);
	assert_int_equal(host.sockets_len, 3);
	assert_string_equal(host.sockets[0], "/a");
	assert_string_equal(host.sockets[1], "/c d");
	assert_string_equal(host.sockets[2], "/e");
	assert_non_null(longest);
	memset(longest, 'x', 20000);
	memcpy(longest, LISTENS "/", sizeof(LISTENS));
	memcpy(longest + 19000, "\n" LISTENS "/f\n", sizeof(LISTENS) + 3);
	give(longest, 19000 + sizeof(LISTENS) + 3);
	free(longest);
	assert_int_equal(host.sockets_len, 1);
	assert_string_equal(host.sockets[0], "/f");
}

static void test_many(void **state)
{
	size_t n = 200000, len = 0, line = sizeof(LISTENS) - 1 + 8;
	char *text = malloc(n * line + 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		len += (size_t)sprintf(text + len, LISTENS "/%06zu\n", i);
	give(text, len);
	free(text);
	assert_int_equal(host.sockets_len, 4096);
	assert_true(host.sockets_cut);
}

/* Whoever fills a place of his own must not leave a service's socket behind him uncovered. */
static void test_users_many(void **state)
{
	static const char *const theirs[] = {"/tmp/x", "/run/user/1000/x", "/home/mallory/x", "/var/tmp/x"};
	size_t each = 5000, len = 0;
	char *text = malloc(CRL_ARRAY_LEN(theirs) * each * 128);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < CRL_ARRAY_LEN(theirs) * each; i++)
		len += (size_t)sprintf(text + len, LISTENS "%s%zu\n", theirs[i % CRL_ARRAY_LEN(theirs)], i);
	len += (size_t)sprintf(text + len, LISTENS "/var/lib/service.sock\n");
	give(text, len);
	free(text);
	assert_int_equal(host.sockets_len, 1024 + 1);
	assert_string_equal(host.sockets[host.sockets_len - 1], "/var/lib/service.sock");
	assert_true(host.sockets_cut);
}

/* Facts about a host come one after the other: mounts that are read take nothing of it away. */
static void test_beside_mounts(void **state)
{
	static const char mountinfo[] = "21 1 254:0 / / rw - ext4 /dev/root rw\n", sockets[] = LISTENS "/a\n";
	int fd = memfd_create("mountinfo", 0);

	(void)state;
	give(sockets, sizeof(sockets) - 1);
	assert_int_equal(write(fd, mountinfo, sizeof(mountinfo) - 1), sizeof(mountinfo) - 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(crl_host_read_mounts(fd, &host, NULL), 0);
		assert_int_equal(host.mounts_len, 1);
		assert_int_equal(host.sockets_len, 1);
		assert_string_equal(host.sockets[0], "/a");
	}
	(void)close(fd);
}

static int done(void **state)
{
	(void)state;
	crl_host_done(&host);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_users_many),
		cmocka_unit_test(test_beside_mounts),
	};

	return cmocka_run_group_tests_name("plan/mounts_sockets", tests, NULL, done);
}
