// SPDX-License-Identifier: Apache-2.0
/*
 * helper/parts/settings.c: which of the host's settings a room's init is told to compare, when it is known what new
 * namespaces begin with, and when it is not. In place of a new network there is this process's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../scratch.h"
#include "apply/settings.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "helper/job.h"
#include "helper/parts.h"

#define OWN (CRL_NS_BIT(CRL_NS_IPC) | CRL_NS_BIT(CRL_NS_NET))
#define FILE_NAME "cache/new-namespaces"

static enum { IS_MADE, IS_REFUSED, IS_NOT_MADE } network; /* what the kernel does */

/* In the part's child alone. */
int unshare(int flags)
{
	(void)flags;
	(void)alarm(60); /* for when nobody ends it */
	while (network == IS_NOT_MADE)
		(void)pause();
	errno = EPERM;
	return network == IS_MADE ? 0 : -1;
}

static struct crl_settings host;

/* Of those that there are: the places behind them are nobody's. */
static size_t count(const struct crl_settings *s)
{
	size_t n = 0;

	for (size_t i = 0; i < CRL_SETTINGS_MAX; i++)
		n += host.len[i] > 0 && s->len[i] > 0;
	return n;
}

static size_t all(void)
{
	crl_settings_read(&host, OWN);
	return count(&host);
}

/* How many a login's init is told. @cache  where the file is */
static size_t told(const char *cache)
{
	static struct crl_settings got;
	struct crl_job *job = crl_job_new(NULL);
	struct crl_err err = {0};
	int pair[2];

	assert_non_null(job);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	job->policy.namespaces = OWN;
	job->state.cache = open(at(cache), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(crl_part_settings.equip(job, NULL, NULL, pair[0], &err), 0);
	assert_int_equal(recv(pair[1], &got, sizeof(got), MSG_DONTWAIT), sizeof(got));
	(void)close(pair[0]);
	(void)close(pair[1]);
	crl_job_done(job);
	return count(&got);
}

static int forget(void **state)
{
	(void)state;
	(void)unlink(at(FILE_NAME));
	network = IS_MADE;
	return 0;
}

/* The file of this boot, but for its first line. */
static void make_it_of_another_boot(void)
{
	char text[8192];
	int fd = open(at(FILE_NAME), O_RDWR | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text));

	assert_in_range(n, 40, sizeof(text) - 1);
	assert_memory_equal(text, "boot=", 5);
	text[5] = text[5] == '0' ? '1' : '0';
	assert_int_equal(pwrite(fd, text, (size_t)n, 0), n);
	(void)close(fd);
}

static void test_what_is_known_is_left_out(void **state)
{
	(void)state;
	assert_true(told("cache") < all());
	network = IS_REFUSED; /* once a boot */
	assert_true(told("cache") < all());
}

/* keeps: helper/parts/settings R1 */
static void test_what_cannot_be_read_is_compared(void **state)
{
	(void)state;
	assert_true(all() > 0);
	network = IS_REFUSED;
	assert_int_equal(told("cache"), all());
	network = IS_MADE;
	assert_true(told("cache") < all());
	make_it_of_another_boot();
	network = IS_REFUSED;
	assert_int_equal(told("cache"), all());
	network = IS_MADE;
	assert_int_equal(told("nowhere"), all());
}

/* keeps: helper/parts/settings R1 */
static void test_a_kernel_that_does_not_come_to_it_is_left(void **state)
{
	(void)state;
	network = IS_NOT_MADE;
	assert_int_equal(told("cache"), all());
}

static int make_places(void **state)
{
	(void)all();
	return scratch_make(state) < 0 ? -1 : mkdir(at("cache"), 0700);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_is_known_is_left_out, forget),
		cmocka_unit_test_setup(test_what_cannot_be_read_is_compared, forget),
		cmocka_unit_test_setup(test_a_kernel_that_does_not_come_to_it_is_left, forget),
	};

	(void)alarm(60); /* a child that is waited for without end */
	return cmocka_run_group_tests(tests, make_places, scratch_remove);
}
