// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "state/score.h"
#include "state/why/why.h"
#include "tests/unit/scratch.h"

static int dir = -EBADF;
static struct crl_score s;

static int begin(void)
{
	int fd = -EBADF;

	(void)unlinkat(dir, CRL_SCORE_FILE, 0);
	assert_int_equal(crl_score_open(dir, &fd), 0);
	return fd;
}

static void test_counts(void **state)
{
	scoped_fd fd = -EBADF;

	(void)state;
	assert_int_equal(crl_score_read(dir, &s), -ENOENT);
	fd = begin();
	assert_int_equal(crl_score_read(dir, &s), -ENOENT); /* nothing was counted yet */
	crl_score_opened(fd, &(struct crl_score_login){"student", "sshd", .us = 2500, .made = true});
	crl_score_opened(fd, &(struct crl_score_login){"student", "sshd", .us = 2501});
	crl_score_opened(fd, &(struct crl_score_login){"student", "su -l", .us = 99999999});
	crl_score_closed(fd, &(struct crl_score_login){"student", "sshd", .us = 70, .seconds = 5});
	crl_score_refused(fd, CRL_STAGE_MOUNT);
	crl_score_refused(fd, 4711);
	crl_score_why(fd, CRL_WHY_CALL, 9);
	crl_score_why(fd, CRL_SCORE_CAUSES, 1);
	crl_score_swept(fd, 3, false);
	crl_score_swept(fd, 0, true);
	crl_score_swept(-EBADF, 100, true);
	assert_int_equal(crl_score_read(dir, &s), 0);
	assert_string_equal(s.row[0].policy, "student");
	assert_int_equal(s.row[0].opened, 2);
	assert_int_equal(s.row[0].rooms, 1);
	assert_int_equal(s.row[0].closed, 1);
	assert_int_equal(s.row[0].cpu_us, 70);
	assert_int_equal(s.row[0].seconds, 5);
	assert_string_equal(s.row[1].service, "su\\x20-l");
	assert_int_equal(s.open[1].bucket[0], 1);
	assert_int_equal(s.open[0].bucket[1], 1);
	assert_int_equal(s.open[0].bucket[CRL_SCORE_BUCKETS - 1], 1);
	assert_int_equal(s.open[0].sum_us, 2501 + 99999999);
	assert_int_equal(s.refused[CRL_STAGE_MOUNT], 1);
	assert_int_equal(s.refused[CRL_STAGE_NONE], 1);
	assert_int_equal(s.why[CRL_WHY_CALL], 1);
	assert_int_equal(s.calls, 9);
	assert_int_equal(s.sweeps, 2);
	assert_int_equal(s.sweeps_failed, 1);
	assert_int_equal(s.swept_rooms, 3);
	assert_true(s.since > 0 && -s.swept >= s.since); /* the last one failed */
}

static void test_recent(void **state)
{
	scoped_fd fd = begin();
	int64_t now;

	(void)state;
	crl_score_refused(fd, CRL_STAGE_RULE);
	crl_score_refused(fd, CRL_STAGE_RULE);
	now = time(NULL);
	assert_int_equal(crl_score_read(dir, &s), 0);
	assert_int_equal(crl_score_recent(&s, CRL_STAGE_RULE, now), 2);
	assert_int_equal(crl_score_recent(&s, CRL_STAGE_HOME, now), 0);
	assert_int_equal(crl_score_recent(&s, CRL_STAGE_RULE, now + 3600), 0);
	assert_int_equal(crl_score_recent(&s, CRL_STAGE_RULE, now + 3600 - 2 * CRL_SCORE_SPAN_S), 2);
	assert_int_equal(crl_score_recent(&s, CRL_STAGE_RULE, now - 2 * CRL_SCORE_SPAN_S), 0);
	assert_int_equal(crl_score_recent(&s, CRL_SCORE_CODES, now), 0);
	for (size_t i = 0; i < CRL_SCORE_RECENT; i++) /* a place that is of a span long past is begun anew */
		s.recent[CRL_STAGE_RULE][i] = (typeof(s.recent[0][0])){.span = 7, .count = 1000};
	assert_int_equal(pwrite(fd, &s, sizeof(s), 0), sizeof(s));
	crl_score_refused(fd, CRL_STAGE_RULE);
	assert_int_equal(crl_score_read(dir, &s), 0);
	assert_int_equal(crl_score_recent(&s, CRL_STAGE_RULE, time(NULL)), 1);
}

/* keeps: state/score R2 */
static void test_bound(void **state)
{
	scoped_fd fd = begin();
	char service[32];
	struct stat st;

	(void)state;
	for (int i = 0; i < 200; i++) {
		(void)snprintf(service, sizeof(service), "service%d", i);
		crl_score_opened(fd, &(struct crl_score_login){"p", service, .us = 1});
	}
	crl_score_opened(fd, &(struct crl_score_login){"p", "service3", .us = 1});
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, sizeof(s));
	assert_int_equal(crl_score_read(dir, &s), 0);
	assert_int_equal(s.row[3].opened, 2);
	assert_string_equal(s.row[CRL_SCORE_ROWS - 1].policy, CRL_SCORE_OTHER);
	assert_int_equal(s.row[CRL_SCORE_ROWS - 1].opened, 200 - CRL_SCORE_ROWS + 1);
}

/* keeps: state/score R1 */
static void test_stopped(void **state)
{
	scoped_fd fd = begin(), holder = -EBADF;

	(void)state;
	crl_score_refused(fd, CRL_STAGE_RULE);
	assert_int_equal(crl_score_open(dir, &holder), 0);
	assert_int_equal(flock(holder, LOCK_EX), 0);
	crl_score_refused(fd, CRL_STAGE_RULE); /* comes back, and is not counted */
	assert_int_equal(crl_score_read(dir, &s), -EWOULDBLOCK);
	assert_int_equal(flock(holder, LOCK_UN), 0);
	assert_int_equal(crl_score_read(dir, &s), 0);
	assert_int_equal(s.refused[CRL_STAGE_RULE], 1);
}

/* keeps: state/score R3 */
static void test_nonsense(void **state)
{
	scoped_fd fd = begin();

	(void)state;
	assert_int_equal(pwrite(fd, "garbage", 7, 0), 7);
	assert_int_equal(crl_score_read(dir, &s), -EBADMSG);
	crl_score_refused(fd, CRL_STAGE_RULE);
	assert_int_equal(crl_score_read(dir, &s), 0);
	assert_int_equal(s.refused[CRL_STAGE_RULE], 1);
	s.magic[13]++; /* of another layout */
	assert_int_equal(pwrite(fd, &s, sizeof(s), 0), sizeof(s));
	assert_int_equal(crl_score_read(dir, &s), -EBADMSG);
	crl_score_refused(fd, CRL_STAGE_RULE);
	assert_int_equal(ftruncate(fd, sizeof(s) + 1), 0);
	assert_int_equal(crl_score_read(dir, &s), -EBADMSG);
	assert_int_equal(ftruncate(fd, sizeof(s)), 0);
	assert_int_equal(crl_score_read(dir, &s), 0);
	memset(s.row[5].policy, 'x', sizeof(s.row[5].policy) + sizeof(s.row[5].service));
	assert_int_equal(pwrite(fd, &s, sizeof(s), 0), sizeof(s));
	assert_int_equal(crl_score_read(dir, &s), 0);
	assert_int_equal(strlen(s.row[5].policy), sizeof(s.row[5].policy) - 1);
	drop_fd(&fd);
	assert_int_equal(fchmodat(dir, CRL_SCORE_FILE, 0644, 0), 0);
	assert_int_equal(crl_score_read(dir, &s), -EBADMSG);
	assert_int_equal(crl_score_open(dir, &fd), 0); /* another file */
	assert_int_equal(crl_score_read(dir, &s), -ENOENT);
	drop_fd(&fd);
	assert_int_equal(unlinkat(dir, CRL_SCORE_FILE, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", dir, CRL_SCORE_FILE), 0);
	assert_int_equal(crl_score_read(dir, &s), -EBADMSG);
	assert_int_equal(crl_score_open(dir, &fd), 0);
	assert_int_equal(unlinkat(dir, CRL_SCORE_FILE, 0), 0);
	assert_int_equal(mkdirat(dir, CRL_SCORE_FILE, 0700), 0);
	drop_fd(&fd);
	assert_int_not_equal(crl_score_open(dir, &fd), 0);
	assert_int_equal(unlinkat(dir, CRL_SCORE_FILE, AT_REMOVEDIR), 0);
}

#define CROWD 40
#define EACH 50

static _Noreturn void count_many(int ready)
{
	char c;

	if (read(ready, &c, 1) < 0) /* all begin at once: when the writing end is closed */
		_exit(1);
	for (int j = 0; j < EACH; j++) {
		scoped_fd fd = -EBADF;

		if (crl_score_open(dir, &fd) < 0)
			_exit(1);
		crl_score_opened(fd, &(struct crl_score_login){"p", "sshd", .us = 1});
	}
	_exit(0);
}

/* Forty at a time lose nothing, but what R1 lets go where the machine stands still. */
static void test_crowd(void **state)
{
	scoped_fd first = begin();
	int ends[2], status;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (int i = 0; i < CROWD; i++) {
		if (fork() == 0) {
			(void)close(ends[1]);
			count_many(ends[0]);
		}
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	while (wait(&status) > 0)
		assert_int_equal(status, 0);
	assert_int_equal(crl_score_read(dir, &s), 0);
	assert_in_range(s.row[0].opened, CROWD * EACH * 9 / 10, CROWD * EACH);
}

static int make(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),  cmocka_unit_test(test_recent),   cmocka_unit_test(test_bound),
		cmocka_unit_test(test_stopped), cmocka_unit_test(test_nonsense), cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, make, scratch_remove);
}
