// SPDX-License-Identifier: Apache-2.0
/* A room's user namespace: whose it is, what is in its maps, who may join it, what is left. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "apply/userns.h"
#include "base/clock.h"

#define UID 54321
#define GID 54322

static const struct crl_subid_range range = {700000, CRL_IDS_EACH};
static struct crl_subid_map uids, gids;
static struct crl_err err;

static struct crl_userns_wish wish(uint64_t namespaces)
{
	crl_subid_map_make(CRL_USER_OWN, UID, &range, &uids);
	crl_subid_map_make(CRL_USER_OWN, GID, &range, &gids);
	return (struct crl_userns_wish){.uid = UID, .gid = GID, .net = true, .namespaces = namespaces};
}

static void make(uint64_t namespaces, struct crl_userns *u)
{
	const struct crl_userns_wish w = wish(namespaces);

	*u = (struct crl_userns)CRL_USERNS_INIT;
	if (crl_userns_start(&w, u, &err) < 0 || crl_userns_finish(&w, &uids, &gids, u, &err) < 0)
		fail_msg("%s: %s", err.text, strerror(err.code));
	assert_int_equal(u->maker, 0);
}

/* What a child says that has become somebody. */
static int as(uid_t uid, gid_t gid, int (*what)(const void *arg), const void *arg)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (setgid(gid) || setuid(uid))
			_exit(100);
		_exit(what(arg));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int join(const void *arg)
{
	const struct crl_userns *u = arg;

	if (setns(u->user, CLONE_NEWUSER))
		return errno;
	if (getuid() != UID || getgid() != GID)
		return 101;
	return setuid(0) || getuid() != 0 ? 102 : 0;
}

static int join_and_make(const void *arg)
{
	int rc = join(arg);

	return rc ? rc : unshare(CLONE_NEWUSER) ? errno : 0;
}

/* keeps: apply/userns R1 */
static void test_whose(void **state)
{
	struct crl_userns u;

	(void)state;
	make(0, &u);
	assert_true(u.user >= 0 && u.net >= 0);
	assert_int_equal(as(UID, GID, join, &u), 0);
	assert_int_equal(as(UID + 1, GID, join, &u), EPERM);
	crl_userns_done(&u);
}

/* keeps: apply/userns R3 */
static void test_nested(void **state)
{
	struct crl_userns none, two;

	(void)state;
	make(0, &none);
	assert_int_equal(as(UID, GID, join_and_make, &none), ENOSPC);
	make(2, &two);
	assert_int_equal(as(UID, GID, join_and_make, &two), 0);
	crl_userns_done(&none);
	crl_userns_done(&two);
}

static int trace(const void *arg)
{
	return ptrace(PTRACE_SEIZE, *(const pid_t *)arg, NULL, NULL) == 0 ? 0 : errno;
}

static bool is_gone(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		if (kill(pid, 0) < 0 && errno == ESRCH)
			return true;
		crl_pause_ms(10);
	}
	return false;
}

/* keeps: apply/userns R2 */
static void test_maker(void **state)
{
	const struct crl_userns_wish w = wish(0);
	struct crl_userns u = CRL_USERNS_INIT;
	char answer;
	int ends[2];
	pid_t parent, maker;

	(void)state;
	assert_int_equal(crl_userns_start(&w, &u, &err), 0);
	while (read(u.answer, &answer, 1) < 0) /* it has become the user */
		;
	assert_int_equal(as(UID, GID, trace, &u.maker), EPERM);
	crl_userns_done(&u);
	assert_int_equal(pipe(ends), 0);
	parent = fork();
	if (parent == 0) {
		struct crl_userns mine = CRL_USERNS_INIT;

		if (crl_userns_start(&w, &mine, &err) < 0 || read(mine.answer, &answer, 1) != 1 ||
		    write(ends[1], &mine.maker, sizeof(mine.maker)) != (ssize_t)sizeof(mine.maker))
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(ends[0], &maker, sizeof(maker)), sizeof(maker));
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	assert_true(is_gone(maker));
}

static void test_refused(void **state)
{
	const struct crl_userns_wish w = {.uid = UID, .gid = GID, .namespaces = UINT64_MAX};
	struct crl_userns u = CRL_USERNS_INIT;

	(void)state;
	assert_int_equal(crl_userns_start(&w, &u, &err), 0);
	assert_true(crl_userns_finish(&w, &uids, &gids, &u, &err) < 0);
	assert_non_null(strstr(err.text, "max_user_namespaces cannot be written"));
	assert_int_equal(u.maker, 0);
	crl_userns_done(&u);
	assert_null(crl_userns_obstacle());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_maker),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
