// SPDX-License-Identifier: Apache-2.0
/* Who is there, and what the sweep takes of the files of those who are not. Needs root for the state directory. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "state/rooms/live.h"
#include "state/rooms/sweep.h"

static char dir[] = "/tmp/carrel-sweep-XXXXXX";
static char state[64];
static struct crl_state s = {-EBADF, -EBADF, -EBADF};
static pid_t dead;

static int setup(void **unused)
{
	(void)unused;
	if (geteuid() != 0)
		skip();
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(state, sizeof(state), "%s/state", dir);
	dead = fork();
	if (dead == 0)
		_exit(0);
	(void)waitpid(dead, NULL, 0);
	return crl_state_open(state, &s, NULL);
}

static int teardown(void **unused)
{
	char command[80];

	(void)unused;
	crl_state_done(&s);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void record(const char *name, const char *id, pid_t supervisor, const char *login, const char *root)
{
	struct crl_adopt adopt = {.policy = "p"};
	struct crl_record_login l = {
		.uid = 7, .pid = 4242, .user = "u", .service = "s", .tty = "", .rhost = "", .cgroup = true};
	struct crl_record r = {.name = name,
			       .adopt = &adopt,
			       .filter = "",
			       .slice = "carrel.slice/user-7.slice",
			       .uid = 7,
			       .user = "u",
			       .home = "/h",
			       .cgroup_root = root,
			       .supervisor = supervisor,
			       .init = 1,
			       .login = &l,
			       .logins = 1};

	(void)snprintf(r.room, sizeof(r.room), "%s", id);
	(void)snprintf(l.id, sizeof(l.id), "%s", login);
	assert_int_equal(crl_record_write(&s, &r), 0);
}

static void touch(const char *name)
{
	scoped_fd fd = openat(s.rooms, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
}

static bool is_there(const char *file)
{
	struct stat st;

	return fstatat(s.rooms, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool keeps_none(void *arg, const char *id)
{
	(void)arg, (void)id;
	return false;
}

static bool keeps_one(void *arg, const char *id)
{
	return strcmp(id, arg) == 0;
}

static int sweep(crl_sweep_keeps *keeps, void *arg)
{
	scoped(crl_live) live = {.apps = 0};

	assert_int_equal(crl_live_read(state, &live, NULL), 0);
	return crl_state_sweep(&s, &live, keeps, arg);
}

static void test_who_is_there(void **unused)
{
	scoped(crl_live) live = {.apps = 0};

	(void)unused;
	record("u7-1", "aaaaaaaa", getpid(), "bbbbbbbb", "/one");
	record("cccccccc", "cccccccc", dead, "cccccccc", "/two");
	assert_int_equal(crl_live_read(state, &live, NULL), 0);
	assert_true(crl_words_has(&live.names, "u7-1"));
	assert_false(crl_words_has(&live.names, "cccccccc"));
	assert_true(crl_words_has(&live.ids, "aaaaaaaa") && crl_words_has(&live.ids, "bbbbbbbb"));
	assert_false(crl_words_has(&live.ids, "cccccccc"));
	assert_true(crl_words_has(&live.units, "user-7.slice"));
	assert_false(crl_words_has(&live.units, "user-8.slice"));
	assert_true(crl_words_has(&live.roots, "/one") && crl_words_has(&live.roots, "/two"));
	assert_true(crl_live_has_app(&live, 4242));
	assert_false(crl_live_has_app(&live, 4243));
}

static void test_who_is_on_its_way(void **unused)
{
	scoped(crl_making) m = {.held.len = 0};
	scoped_fd mine = -EBADF, note = -EBADF;

	(void)unused;
	assert_int_equal(crl_state_lock(&s, "aaaaaaaa", LOCK_EX, &mine), 0);
	assert_int_equal(crl_state_lock(&s, "bbbbbbbb", LOCK_EX, &note), 0);
	assert_int_equal(crl_making_note(note, "/else/where"), 0);
	drop_fd(&note); /* it dies */
	touch("u7-1.lock");
	assert_int_equal(crl_making_read(&s, &m, NULL), 0);
	assert_int_equal(m.held.len, 1);
	assert_true(crl_words_has(&m.held, "aaaaaaaa"));
	assert_int_equal(m.roots.len, 1);
	assert_string_equal(m.roots.item[0], "/else/where");
	assert_false(is_there("u7-1.new"));
}

static void test_what_the_dead_left(void **unused)
{
	static const char *const left[] = {"u7-1.room", "u7-1.sock", "u7-1.lock",    "u7-2.sock",     "u7-2.lock",
					   "u7-3.lock", "u7-4.new",  "dddddddd.new", "eeeeeeee.lock", "nonsense.room"};
	static const char *const stays[] = {"u7-9.room",          "u7-9.sock",        "u7-9.lock", "u7-9.new",
					    "limits-user-7.lock", "used-user-7.lock", "other"};

	(void)unused;
	record("u7-1", "aaaaaaaa", dead, "aaaaaaaa", NULL);
	record("u7-9", "bbbbbbbb", getpid(), "bbbbbbbb", NULL);
	for (size_t i = 0; i < CRL_ARRAY_LEN(left); i++)
		touch(left[i]);
	for (size_t i = 0; i < CRL_ARRAY_LEN(stays); i++)
		touch(stays[i]);
	assert_int_equal(sweep(keeps_none, NULL), 2); /* and what is no record counts as one */
	for (size_t i = 0; i < CRL_ARRAY_LEN(left); i++)
		assert_false(is_there(left[i]));
	for (size_t i = 0; i < CRL_ARRAY_LEN(stays); i++)
		assert_true(is_there(stays[i]));
	assert_false(is_there("dddddddd.lock")); /* taken to look */
}

/* Who makes, joins or ends a room of that name. */
static void test_locked_names_are_left_alone(void **unused)
{
	scoped_fd lock = -EBADF;

	(void)unused;
	record("u7-1", "aaaaaaaa", dead, "aaaaaaaa", NULL);
	touch("u7-1.new");
	touch("u7-1.sock");
	assert_int_equal(crl_state_lock(&s, "u7-1", LOCK_EX, &lock), 0);
	assert_int_equal(sweep(keeps_none, NULL), 0);
	assert_true(is_there("u7-1.room") && is_there("u7-1.new") && is_there("u7-1.sock") && is_there("u7-1.lock"));
	drop_fd(&lock);
	assert_int_equal(sweep(keeps_none, NULL), 1);
	assert_false(is_there("u7-1.room") || is_there("u7-1.lock"));
}

/* What was looked at before does not count: a room has taken the name of a dead one since. */
/* keeps: state/rooms/sweep R1 */
static void test_a_new_room_of_the_name_loses_nothing(void **unused)
{
	scoped(crl_live) before = {.apps = 0};

	(void)unused;
	record("u7-1", "aaaaaaaa", dead, "aaaaaaaa", NULL);
	assert_int_equal(crl_live_read(state, &before, NULL), 0);
	record("u7-1", "bbbbbbbb", getpid(), "bbbbbbbb", NULL);
	touch("u7-1.sock");
	assert_int_equal(crl_state_sweep(&s, &before, keeps_none, NULL), 0);
	assert_true(is_there("u7-1.room") && is_there("u7-1.sock"));
}

static bool tries_to_lock(void *arg, const char *id)
{
	scoped_fd lock = -EBADF;

	(void)id;
	assert_int_equal(crl_state_lock(&s, "u7-1", LOCK_EX | LOCK_NB, &lock), -EWOULDBLOCK);
	++*(int *)arg;
	return false;
}

/* keeps: state/rooms/live R1 */
static void test_nobody_comes_between_look_and_removal(void **unused)
{
	int asked = 0;

	(void)unused;
	record("u7-1", "aaaaaaaa", dead, "aaaaaaaa", NULL);
	assert_int_equal(sweep(tries_to_lock, &asked), 1);
	assert_true(asked > 0);
}

static void test_what_names_a_busy_cgroup_stays(void **unused)
{
	char id[] = "aaaaaaaa";

	(void)unused;
	record("u7-1", "bbbbbbbb", dead, id, "/two");
	touch("aaaaaaaa.lock");
	assert_int_equal(sweep(keeps_one, id), 0);
	assert_true(is_there("u7-1.room") && is_there("aaaaaaaa.lock"));
	assert_int_equal(sweep(keeps_none, NULL), 1);
	assert_false(is_there("u7-1.room") || is_there("aaaaaaaa.lock"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_who_is_there),
		T(test_who_is_on_its_way),
		T(test_what_the_dead_left),
		T(test_locked_names_are_left_alone),
		T(test_a_new_room_of_the_name_loses_nothing),
		T(test_nobody_comes_between_look_and_removal),
		T(test_what_names_a_busy_cgroup_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
