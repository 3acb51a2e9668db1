// SPDX-License-Identifier: Apache-2.0
/* src/state/drain.c: the file of a drained host; what is not one counts for nothing. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../scratch.h"
#include "state/drain.h"

static const struct crl_drain sample = {.since = 1700000000, .by = "root", .text = "new disks, until noon"};

static int scratch_dir(void)
{
	int fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void test_round_trip(void **state)
{
	struct crl_drain d = sample, back;
	char text[CRL_DRAIN_FILE_MAX];
	int n;

	(void)state;
	d.until = 1700003600;
	d.until_ms = 123456789;
	n = crl_drain_format(&d, text, sizeof(text));
	assert_true(n > 0);
	assert_int_equal(crl_drain_parse(text, (size_t)n, &back), 0);
	assert_memory_equal(&back, &d, sizeof(d));
	assert_int_equal(crl_drain_format(&d, text, 20), -EOVERFLOW);
}

/* Cut anywhere, with a byte more, or with one that acts on a terminal: no such file. */
static void test_nothing_else(void **state)
{
	char text[CRL_DRAIN_FILE_MAX + 2], odd[CRL_DRAIN_FILE_MAX + 2];
	struct crl_drain back;
	int n = crl_drain_format(&sample, text, CRL_DRAIN_FILE_MAX);

	(void)state;
	for (int cut = 0; cut < n; cut++) {
		memcpy(odd, text, (size_t)cut);
		odd[cut] = '\0';
		assert_int_equal(crl_drain_parse(odd, (size_t)cut, &back), -EBADMSG);
	}
	(void)snprintf(odd, sizeof(odd), "%.1000s\n", text);
	assert_int_equal(crl_drain_parse(odd, strlen(odd), &back), -EBADMSG);
	memcpy(odd, text, (size_t)n + 1);
	*strstr(odd, "disks") = '\033';
	assert_int_equal(crl_drain_parse(odd, (size_t)n, &back), -EBADMSG);
	memcpy(odd, text, (size_t)n + 1);
	odd[6] = '2'; /* a version to come */
	assert_int_equal(crl_drain_parse(odd, (size_t)n, &back), -EBADMSG);
}

static void test_states(void **state)
{
	struct crl_drain d = sample, back;
	struct crl_err err = {0};
	struct timespec now;
	int dir = scratch_dir();

	(void)state;
	assert_int_equal(crl_drain_look(dir, &back, &err), CRL_DRAIN_NONE);
	assert_int_equal(crl_drain_end(dir), -ENOENT);
	assert_int_equal(crl_drain_begin(dir, &d), 0);
	assert_int_equal(crl_drain_look(dir, &back, &err), CRL_DRAIN_ON);
	assert_string_equal(back.text, sample.text);
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	d.until_ms = (uint64_t)now.tv_sec * 1000 + 3600000;
	assert_int_equal(crl_drain_begin(dir, &d), 0);
	assert_int_equal(crl_drain_look(dir, &back, &err), CRL_DRAIN_ON);
	d.until_ms = 1;
	assert_int_equal(crl_drain_begin(dir, &d), 0);
	assert_int_equal(crl_drain_look(dir, &back, &err), CRL_DRAIN_OVER);
	d.until_ms = 0;
	(void)snprintf(d.text, sizeof(d.text), "two\nlines"); /* would count for nothing */
	assert_int_equal(crl_drain_begin(dir, &d), -EBADMSG);
	assert_int_equal(err.code, 0);
	assert_int_equal(fchmodat(dir, "drain", 0620, 0), 0);
	assert_int_equal(crl_drain_look(dir, &back, &err), CRL_DRAIN_BROKEN);
	assert_int_equal(err.stage, CRL_STAGE_STATE);
	assert_int_equal(crl_drain_end(dir), 0);
	assert_int_equal(mkfifoat(dir, "drain", 0600), 0);
	assert_int_equal(crl_drain_look(dir, &back, &err), CRL_DRAIN_BROKEN);
	assert_int_equal(crl_drain_end(dir), 0);
	assert_int_equal(symlinkat("/etc/hostname", dir, "drain"), 0);
	assert_int_equal(crl_drain_look(dir, &back, &err), CRL_DRAIN_BROKEN);
	assert_int_equal(crl_drain_end(dir), 0);
	assert_int_equal(crl_drain_look(dir, &back, &err), CRL_DRAIN_NONE);
	(void)close(dir);
}

/* Logins on their way share it; who waits for them is alone. */
static void test_lock(void **state)
{
	int dir = scratch_dir(), one, two, all;

	(void)state;
	assert_int_equal(crl_drain_lock(dir, LOCK_SH, &one), 0);
	assert_int_equal(crl_drain_lock(dir, LOCK_SH, &two), 0);
	assert_int_equal(crl_drain_lock(dir, LOCK_EX, &all), -EWOULDBLOCK);
	(void)close(one);
	assert_int_equal(crl_drain_lock(dir, LOCK_EX, &all), -EWOULDBLOCK);
	(void)close(two);
	assert_int_equal(crl_drain_lock(dir, LOCK_EX, &all), 0);
	(void)close(all);
	(void)close(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_nothing_else),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_lock),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
