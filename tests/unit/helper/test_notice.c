// SPDX-License-Identifier: Apache-2.0
/*
 * What a keeper left to be told: a file of the user's, of which a number is taken, once, and nothing else.
 *
 * Runs in: tests only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "helper/job.h"
#include "helper/keeper_wire.h"
#include "helper/parts/why.h"
#include "tests/unit/scratch.h"

static struct crl_options options;
static struct crl_job *job;
static int dir = -EBADF;
static char notice[CRL_NOTICE_MAX];

static int setup(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	job = crl_job_new(&options);
	if (!job || dir < 0)
		return -1;
	job->state.dir = dir;
	job->policy.notice = true;
	job->login.uid = 54321;
	job->login.shows = CRL_SHOWS_NOW;
	strcpy(job->login.user, "ana");
	strcpy(job->id, "0123456789abc");
	strcpy(job->policy.name, "lab");
	return 0;
}

static const char *told(void)
{
	crl_notice_asked(job, dir);
	crl_notice_write(job, notice);
	crl_notice_given(job);
	return notice;
}

static void test_told_once(void **state)
{
	(void)state;
	assert_string_equal(told(), "");
	write_file(KEEPER_ASKED_FILE, "12\n");
	assert_string_equal(told(), "carrel: your home has 12 changes kept beside it, see: carrel home diff");
	assert_string_equal(told(), "");
	assert_int_equal(faccessat(dir, KEEPER_ASKED_FILE, F_OK, 0), -1);
}

/* keeps: helper/parts/why R2 */
static void test_nonsense(void **state)
{
	static const char *const bad[] = {
		"", "\n", "0\n", "12", "12 \n", "-1\n", "x\n", "1\n2\n", "99999999999999999999999\n", "1; rm -rf\n"};

	(void)state;
	(void)alarm(30);
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		write_file(KEEPER_ASKED_FILE, bad[i]);
		assert_string_equal(told(), "");
		assert_int_equal(faccessat(dir, KEEPER_ASKED_FILE, F_OK, 0), -1);
	}
	write_file("other", "7\n");
	assert_int_equal(symlinkat("other", dir, KEEPER_ASKED_FILE), 0);
	assert_string_equal(told(), "");
	(void)unlinkat(dir, KEEPER_ASKED_FILE, 0);
	assert_int_equal(mkfifoat(dir, KEEPER_ASKED_FILE, 0600), 0);
	assert_string_equal(told(), "");
	(void)unlinkat(dir, KEEPER_ASKED_FILE, 0);
	assert_int_equal(mkdirat(dir, KEEPER_ASKED_FILE, 0700), 0);
	assert_string_equal(told(), "");
	assert_int_equal(unlinkat(dir, KEEPER_ASKED_FILE, AT_REMOVEDIR), 0);
	(void)alarm(0);
}

static void test_not_wanted(void **state)
{
	(void)state;
	write_file(KEEPER_ASKED_FILE, "3\n");
	job->policy.notice = false;
	assert_string_equal(told(), "");
	job->policy.notice = true;
	options.rehearse = true;
	assert_string_equal(told(), "");
	options.rehearse = false;
	assert_string_equal(told(), "carrel: your home has 3 changes kept beside it, see: carrel home diff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_once),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_not_wanted),
	};

	return cmocka_run_group_tests(tests, setup, scratch_remove);
}
