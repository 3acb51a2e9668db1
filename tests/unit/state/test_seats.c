// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state/rooms/seats.h"
#include "tests/unit/scratch.h"

static int state_dir = -EBADF;

static bool is_there(const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "seats/%s", name);
	return faccessat(state_dir, path, F_OK, 0) == 0;
}

static void test_counts(void **state)
{
	char name[4][CRL_SEAT_MAX] = {""};
	int fd[4] = {-EBADF, -EBADF, -EBADF, -EBADF};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(crl_seat_take(state_dir, 1000, 3, name[i], &fd[i]), 0);
	assert_string_equal(name[2], "1000.2");
	assert_int_equal(crl_seat_take(state_dir, 1000, 3, name[3], &fd[3]), -EDQUOT);
	assert_int_equal(fd[3], -EBADF);
	assert_string_equal(name[3], "");
	assert_int_equal(crl_seat_take(state_dir, 100, 1, name[3], &fd[3]),
			 0); /* another user, whatever his number's digits */
	drop_fd(&fd[3]);

	/* The second one leaves: his seat is the next one's. A higher limit goes on behind the others. */
	crl_seat_leave(state_dir, name[1]);
	drop_fd(&fd[1]);
	assert_false(is_there("1000.1"));
	assert_int_equal(crl_seat_take(state_dir, 1000, 4, name[1], &fd[1]), 0);
	assert_string_equal(name[1], "1000.1");
	assert_int_equal(crl_seat_take(state_dir, 1000, 4, name[3], &fd[3]), 0);
	assert_string_equal(name[3], "1000.3");
	assert_int_equal(crl_seat_take(state_dir, 1000, 2, name[0], &(int){-EBADF}), -EDQUOT);
	for (int i = 0; i < 4; i++)
		drop_fd(&fd[i]);
	crl_seats_sweep(state_dir);
	assert_false(is_there("1000.0"));
	assert_false(is_there("100.0"));
}

/* Whatever ends the holder frees the seat; what he has started holds it with him until then. */
static void test_killed(void **state)
{
	char name[CRL_SEAT_MAX];
	int fd = -EBADF, pair[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(pair), 0);
	pid = fork();
	if (pid == 0)
		_exit(crl_seat_take(state_dir, 7, 1, name, &fd) < 0 || write(pair[1], "x", 1) != 1 || pause());
	assert_int_equal(read(pair[0], &c, 1), 1);
	assert_int_equal(crl_seat_take(state_dir, 7, 1, name, &fd), -EDQUOT);
	crl_seats_sweep(state_dir);
	assert_true(is_there("7.0"));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(crl_seat_take(state_dir, 7, 1, name, &fd), 0);
	drop_fd(&fd);
	crl_seats_sweep(state_dir);
	assert_false(is_there("7.0"));
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* Many at once, each leaving its seat as the others look for one: never more than there are, and nobody hangs. */
#define RACERS 8
#define ROUNDS 300
#define SEATS 3

static int race(void)
{
	char name[CRL_SEAT_MAX], path[40];

	for (int i = 0; i < ROUNDS; i++) {
		int fd = -EBADF, mark;
		int rc = crl_seat_take(state_dir, 9, SEATS, name, &fd);

		if (rc == -EDQUOT)
			continue;
		if (rc < 0)
			return 1;
		(void)snprintf(path, sizeof(path), "mine-%s", name);
		mark = openat(state_dir, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		if (mark < 0)
			return 2; /* two have it */
		(void)close(mark);
		if (unlinkat(state_dir, path, 0) < 0)
			return 3;
		crl_seat_leave(state_dir, name);
		(void)close(fd);
	}
	return 0;
}

static void test_race(void **state)
{
	(void)state;
	for (int i = 0; i < RACERS; i++)
		if (fork() == 0)
			_exit(race());
	for (int i = 0; i < RACERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

/* The sweep looks at each seat for a moment: that takes it from nobody. */
/* keeps: state/rooms/seats R1 */
static void test_sweep_beside(void **state)
{
	pid_t self = getpid(), pid;
	int status;

	(void)state;
	pid = fork();
	if (pid == 0) {
		while (getppid() == self)
			crl_seats_sweep(state_dir);
		_exit(0);
	}
	for (int i = 0; i < 3000; i++) {
		char name[CRL_SEAT_MAX];
		int fd = -EBADF;

		assert_int_equal(crl_seat_take(state_dir, 11, 1, name, &fd), 0);
		assert_true(is_there("11.0"));
		drop_fd(&fd); /* killed, so its file stays */
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* Who looks and is stopped: others take the next seat, and wait for this one, but not for ever. */
static void test_looked_at(void **state)
{
	char name[CRL_SEAT_MAX];
	int fd = -EBADF, second = -EBADF, looks;

	(void)state;
	assert_int_equal(crl_seat_take(state_dir, 12, 1, name, &fd), 0);
	looks = openat(state_dir, "seats/12.0", O_RDWR | O_CLOEXEC);
	assert_true(looks >= 0);
	drop_fd(&fd);
	assert_int_equal(flock(looks, LOCK_SH | LOCK_NB), 0);
	assert_int_equal(crl_seat_take(state_dir, 12, 2, name, &fd), 0);
	assert_string_equal(name, "12.1");
	assert_int_equal(crl_seat_take(state_dir, 12, 2, name, &second), -EDQUOT);
	assert_int_equal(second, -EBADF);
	(void)close(looks);
	assert_int_equal(crl_seat_take(state_dir, 12, 2, name, &second), 0);
	assert_string_equal(name, "12.0");
	drop_fd(&fd);
	drop_fd(&second);
}

static void test_errors(void **state)
{
	char name[CRL_SEAT_MAX] = "";
	int fd = -EBADF, other;

	(void)state;
	assert_int_equal(mkdirat(state_dir, "other", 0700), 0);
	other = openat(state_dir, "other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(symlinkat("/tmp", other, "seats"), 0);
	assert_true(crl_seat_take(other, 1, 1, name, &fd) < 0);
	crl_seats_sweep(other);
	crl_seat_leave(other, "");
	assert_int_equal(unlinkat(other, "seats", 0), 0);
	assert_int_equal(mkdirat(other, "seats", 0700), 0);
	assert_int_equal(symlinkat("/etc/passwd", other, "seats/1.0"), 0);
	assert_int_equal(crl_seat_take(other, 1, 1, name, &fd), -ELOOP);
	assert_int_equal(fd, -EBADF);
	(void)close(other);
}

static int make(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	state_dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return state_dir < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),       cmocka_unit_test(test_killed),    cmocka_unit_test(test_race),
		cmocka_unit_test(test_sweep_beside), cmocka_unit_test(test_looked_at), cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, make, scratch_remove);
}
