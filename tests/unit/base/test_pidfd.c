// SPDX-License-Identifier: Apache-2.0
/* base/pidfd.c: what a descriptor that shall be a process really is. */
#include "base/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compat.h"

static pid_t begin(int *ret_pidfd)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	*ret_pidfd = pidfd_open(pid, 0);
	assert_true(*ret_pidfd >= 0);
	return pid;
}

static void end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_living(void **state)
{
	(void)state;
	scoped_fd fd = -EBADF;
	struct crl_err err;
	pid_t child = begin(&fd), pid = 0;

	assert_int_equal(crl_pidfd_prove(fd, &err), 0);
	assert_false(crl_pidfd_is_dead(fd));
	assert_int_equal(crl_pidfd_pid(fd, &pid), 0);
	assert_int_equal(pid, child);

	end(child);
	assert_int_equal(crl_pidfd_prove(fd, &err), -ESRCH);
	assert_true(crl_pidfd_is_dead(fd));
	assert_int_equal(crl_pidfd_pid(fd, &pid), -ESRCH);
}

static void test_others(void **state)
{
	(void)state;
	scoped_fd own = pidfd_open(getpid(), 0), file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	scoped_fd directory = open("/proc/1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct crl_err err;
	pid_t pid;

	assert_int_equal(crl_pidfd_prove(own, &err), -EINVAL);
	assert_int_equal(crl_pidfd_prove(file, &err), -EBADF);
	assert_int_equal(crl_pidfd_prove(directory, &err), -EBADF); /* which takes signals */
	assert_int_equal(crl_pidfd_prove(-1, &err), -EBADF);
	assert_int_equal(crl_pidfd_pid(file, &pid), -EBADF);
	assert_true(crl_pidfd_is_dead(1 << 20)); /* in doubt gone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_living),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
