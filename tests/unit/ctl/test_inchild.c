// SPDX-License-Identifier: Apache-2.0
/* ctl/host/inchild.c: what is asked in a process of its own ends with who asks. Its deadline: tests/live/hung.sh. */
#include "ctl/host/inchild.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/compat.h"

#define LONG_MS 60000

static volatile pid_t *asked; /* in memory that all of them share */

static void ask_for_ever(const void *arg, void *answer)
{
	(void)arg, (void)answer;
	*asked = getpid();
	for (;;)
		(void)pause();
}

static pid_t start_asking(void)
{
	void *answer = NULL;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(ctl_ask_child(ask_for_ever, NULL, &answer, sizeof(int), LONG_MS) == 0);
	while (*asked == 0)
		crl_pause_ms(5);
	return pid;
}

/* keeps: ctl/host/inchild R1 */
static void test_it_ends_with_who_asks(void **state)
{
	struct pollfd p = {.events = POLLIN};
	pid_t pid;
	int n;

	(void)state;
	asked = mmap(NULL, sizeof(*asked), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(asked, MAP_FAILED);
	pid = start_asking();
	p.fd = pidfd_open(*asked, 0);
	assert_true(p.fd >= 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	n = poll(&p, 1, LONG_MS / 6);
	if (n == 0)
		(void)kill(*asked, SIGKILL);
	assert_int_equal(n, 1);
	(void)close(p.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_it_ends_with_who_asks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
