// SPDX-License-Identifier: Apache-2.0
/* What the steward waits for: an event is his for whom it was meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "helper/steward/steward.h"

static struct crl_steward steward = {.epoll = -EBADF};
static int heard[4096]; /* by number of the descriptor */

static void hear(struct crl_steward *s, int fd, uint32_t events, void *arg)
{
	uint64_t value;

	(void)s, (void)arg;
	assert_true(events & EPOLLIN);
	assert_int_equal(read(fd, &value, sizeof(value)), sizeof(value));
	heard[fd]++;
}

static int watched(unsigned int value, crl_watch_ready *ready, void *arg)
{
	int fd = eventfd(value, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0 && fd < 4096);
	assert_int_equal(crl_steward_watch(&steward, fd, EPOLLIN, ready, arg), 0);
	return fd;
}

static void leave(int fd)
{
	crl_steward_unwatch(&steward, fd);
	(void)close(fd);
}

static void wait_once(void)
{
	memset(heard, 0, sizeof(heard));
	crl_steward_wait(&steward, crl_now_ms());
}

static void test_what_is_ready_is_told(void **state)
{
	int a = watched(1, hear, NULL), b = watched(0, hear, NULL);

	(void)state;
	wait_once();
	assert_int_equal(heard[a], 1);
	assert_int_equal(heard[b], 0);
	wait_once();
	assert_int_equal(heard[a], 0);
	leave(a);
	leave(b);
}

static void test_many(void **state)
{
	int fd[300];

	(void)state;
	for (int i = 0; i < 300; i++)
		fd[i] = watched(1, hear, NULL);
	memset(heard, 0, sizeof(heard));
	for (int i = 0; i < 10; i++)
		crl_steward_wait(&steward, crl_now_ms());
	for (int i = 0; i < 300; i++) {
		assert_int_equal(heard[fd[i]], 1);
		leave(fd[i]);
	}
}

/* Who is told first ends the other's wait; its number is somebody else's at once, of whom nothing has happened. */
static int pair[2];

static void take_the_others_number(struct crl_steward *s, int fd, uint32_t events, void *arg)
{
	int other = fd == pair[0] ? pair[1] : pair[0];
	int fresh;

	(void)events, (void)arg;
	heard[fd]++;
	crl_steward_unwatch(s, other);
	(void)close(other);
	fresh = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(fresh, other);
	assert_int_equal(crl_steward_watch(s, fresh, EPOLLIN, hear, NULL), 0);
}

static void test_of_a_number_that_was_taken_anew_nothing_is_told(void **state)
{
	(void)state;
	pair[0] = watched(1, take_the_others_number, NULL);
	pair[1] = watched(1, take_the_others_number, NULL);
	wait_once();
	assert_int_equal(heard[pair[0]] + heard[pair[1]], 1);
	leave(pair[0]);
	leave(pair[1]);
}

/* As a child of the steward's does that it left to itself: it would never sleep again. */
static void test_of_what_another_holds_open_nothing_is_told(void **state)
{
	int fd = watched(1, hear, NULL), held = dup(fd);
	struct epoll_event event;

	(void)state;
	assert_true(held >= 0);
	leave(fd);
	assert_int_equal(epoll_wait(steward.epoll, &event, 1, 0), 0);
	(void)close(held);
}

static void test_wrong_numbers(void **state)
{
	(void)state;
	crl_steward_unwatch(&steward, -EBADF);
	crl_steward_unwatch(&steward, 1 << 20);
	assert_int_equal(crl_steward_watch(&steward, -EBADF, EPOLLIN, hear, NULL), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_ready_is_told),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_of_a_number_that_was_taken_anew_nothing_is_told),
		cmocka_unit_test(test_of_what_another_holds_open_nothing_is_told),
		cmocka_unit_test(test_wrong_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
