// SPDX-License-Identifier: Apache-2.0
/* Work in another mount namespace: what it leaves behind, and for how long it is waited for. Needs root. */
#include "store/hostns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/compat.h"

static int give_one(const void *arg, int *ret_fd, struct crl_err *err)
{
	(void)arg, (void)err;
	*ret_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 7;
}

/* A dead server's, with half of an error and a descriptor that nobody is to take. */
static int hang(const void *arg, int *ret_fd, struct crl_err *err)
{
	(void)arg;
	*ret_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)crl_err_set(err, ENOENT, CRL_STAGE_MOUNT, "half");
	while (pause() < 0)
		;
	return 0;
}

static void test_work_is_done_there(void **state)
{
	scoped_fd self = pidfd_open(getpid(), 0), fd = -EBADF;
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_hostns_run_at(self, &(struct crl_hostns){give_one, NULL, crl_now_ms() + 60000}, &fd, &err),
			 7);
	assert_true(fcntl(fd, F_GETFD) >= 0);
}

static void test_what_hangs_is_left(void **state)
{
	scoped_fd self = pidfd_open(getpid(), 0);
	struct crl_err err = {0};
	int fd = 0;

	(void)state;
	assert_int_equal(crl_hostns_run_at(self, &(struct crl_hostns){hang, NULL, crl_now_ms() + 50}, &fd, &err),
			 -ETIMEDOUT);
	assert_int_equal(fd, -EBADF);
	assert_int_equal(err.code, ETIMEDOUT);
	assert_non_null(strstr(err.text, "does not answer"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_work_is_done_there),
		cmocka_unit_test(test_what_hangs_is_left),
	};

	return unshare(CLONE_NEWNS) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
