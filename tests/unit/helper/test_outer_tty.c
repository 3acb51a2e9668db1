// SPDX-License-Identifier: Apache-2.0
/*
 * helper/parts/outer_tty.c: a login that joins a room does not wait for ever until its terminal has a name there. In
 * place of the way into the room there is a call that does not come back.
 */
#include "helper/parts/outer_tty.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "helper/job.h"
#include "never_setns.h"

/* The application is this process, and has a terminal open. */
static void test_a_room_that_nobody_gets_into(void **state)
{
	struct crl_job *job = crl_job_new(NULL);
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char byte;

	(void)state;
	assert_non_null(job);
	assert_return_code(master, errno);
	assert_int_equal(grantpt(master) | unlockpt(master), 0);
	assert_int_equal(pipe(asked), 0);
	job->app_pid = getpid();
	job->policy.namespaces = CRL_NS_BIT(CRL_NS_MOUNT);
	(void)snprintf(job->login.tty, sizeof(job->login.tty), "%s", ptsname(master) + strlen("/dev/"));
	crl_outer_tty_show(job, getpid());
	assert_int_equal(read(asked[0], &byte, 1), 1);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	(void)close(master);
	crl_job_done(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_room_that_nobody_gets_into),
	};

	(void)alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
