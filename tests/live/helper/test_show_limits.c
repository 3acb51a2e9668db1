// SPDX-License-Identifier: Apache-2.0
/*
 * helper/parts/show_limits.c: a login that joins a room does not wait for ever until that shows its new slice. In place
 * of the way into the room there is a call that does not come back. Needs root.
 */
#include "helper/parts/show_limits.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../unit/helper/never_setns.h"
#include "base/clock.h"
#include "base/compat.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "helper/job.h"
#include "helper/options.h"
#include "helper/parts/manager.h"

#define TREE "/sys/fs/cgroup"

static struct crl_options options;

static void test_a_room_that_nobody_gets_into(void **state)
{
	struct crl_job *job = crl_job_new(&options);
	scoped_fd room = pidfd_open(getpid(), 0);
	char path[CRL_SLICE_MAX + 32], byte;

	(void)state;
	assert_non_null(job);
	assert_int_equal(pipe(asked), 0);
	job->cgroup.manager = &crl_manager_systemd;
	job->adopt.ns_mask = CRL_NS_BIT(CRL_NS_CGROUP) | CRL_NS_BIT(CRL_NS_MOUNT);
	(void)snprintf(job->cgroup.slice_path, sizeof(job->cgroup.slice_path), "carrel-test-%d", (int)getpid());
	(void)snprintf(path, sizeof(path), TREE "/%s", job->cgroup.slice_path);
	assert_int_equal(mkdir(path, 0755), 0);
	job->deadline_ms = crl_now_ms() + 2000;
	crl_limits_show_again(job, room, getpid());
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	(void)close(asked[1]);
	assert_int_equal(read(asked[0], &byte, 1), 1);
	crl_job_done(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_room_that_nobody_gets_into),
	};

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("cgroup2", TREE, "cgroup2", 0, NULL) < 0)
		return 1;
	(void)alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
