// SPDX-License-Identifier: Apache-2.0
/* The state directory, records written and read back, locks. Without root only the first test says anything. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/procstat.h"
#include "plan/limits/counts.h"
#include "state/rooms/record.h"
#include "state/rooms/room_text.h"
#include "state/rooms/rooms.h"

static char dir[] = "/tmp/carrel-record-XXXXXX";
static char state[64];
static struct crl_state s = {-EBADF, -EBADF, -EBADF};

static void needs_root(void)
{
	if (geteuid() != 0)
		skip();
}

/* keeps: state/rooms/record R1 */
static void test_directory_is_roots_alone(void **unused)
{
	struct crl_state other = {-EBADF, -EBADF, -EBADF};
	struct crl_err err = {0};
	char path[64];

	(void)unused;
	(void)snprintf(path, sizeof(path), "%s/open", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0750), 0);
	assert_int_equal(crl_state_open(path, &other, &err), -EPERM);
	assert_non_null(strstr(err.text, "must belong to root with mode 0700"));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink(state, path), 0);
	assert_true(crl_state_open(path, &other, &err) < 0);
	needs_root();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chown(path, 54321, 0), 0);
	assert_int_equal(crl_state_open(path, &other, &err), -EPERM);
}

static void write_record(const char *name, const char *id, const char *user)
{
	struct crl_adopt adopt = {.policy = "p"};
	struct crl_record_login login = {.id = "abcd",
					 .uid = 7,
					 .pid = getpid(),
					 .user = user,
					 .service = "s",
					 .tty = "",
					 .rhost = "h\nslice=/elsewhere\nlogin=zzzz 0 1 1"};
	struct crl_record r = {.name = name,
			       .adopt = &adopt,
			       .filter = "",
			       .slice = "the/slice",
			       .uid = 7,
			       .gid = 70,
			       .user = user,
			       .home = "/h\nuid=0",
			       .since = 5,
			       .until = 6,
			       .linger_s = 1,
			       .grace_s = 3,
			       .supervisor = getpid(),
			       .init = 1,
			       .login = &login,
			       .logins = 1};

	(void)snprintf(r.room, sizeof(r.room), "%s", id);
	assert_int_equal(crl_record_write(&s, &r), 0);
}

static bool is_there(const char *file)
{
	struct stat st;

	return fstatat(s.rooms, file, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_hostile_texts_stay_texts(void **unused)
{
	const char *user = "a b%41\n\033[2J\xff=";
	struct crl_rooms rooms;

	(void)unused;
	needs_root();
	write_record("one", "abcd", user);
	assert_int_equal(crl_rooms_read(state, &rooms, NULL), 0);
	assert_int_equal(rooms.len, 1);
	assert_string_equal(rooms.item[0].slice, "the/slice");
	assert_int_equal(rooms.item[0].logins, 1);
	assert_string_equal(rooms.item[0].login[0].user, user);
	assert_string_equal(rooms.item[0].login[0].rhost, "h\nslice=/elsewhere\nlogin=zzzz 0 1 1");
	assert_string_equal(rooms.item[0].user, user);
	assert_string_equal(rooms.item[0].home, "/h\nuid=0");
	assert_int_equal(rooms.item[0].uid, 7);
	assert_int_equal(rooms.item[0].gid, 70);
	assert_int_equal(rooms.item[0].since, 5);
	assert_int_equal(rooms.item[0].until, 6);
	assert_int_equal(rooms.item[0].linger_s, 1);
	assert_int_equal(rooms.item[0].grace_s, 3);
	assert_false(rooms.item[0].stale);
	crl_rooms_done(&rooms);
	crl_record_remove(s.rooms, "one");
	assert_false(is_there("one.room"));
}

static void count_cgroup(void *arg, const char *root, const char *slice, const char *id)
{
	(void)root;
	(void)slice;
	(void)id;
	++*(size_t *)arg;
}

/* All logins that a room can have, each with the longest texts there are, and all that left something. */
static void test_a_full_room_can_be_read(void **unused)
{
	static struct crl_record_login login[CRL_ROOM_LOGINS_MAX + CRL_ROOM_LEFT_MAX];
	static char longest[CRL_RHOST_MAX], tty[CRL_TTY_MAX], home[CRL_HOME_MAX];
	struct crl_counts base;
	struct crl_adopt adopt = {.policy = "p"};
	struct crl_record r = {.name = "full",
			       .room = "full",
			       .adopt = &adopt,
			       .filter = "",
			       .slice = "s",
			       .user = longest,
			       .home = home,
			       .supervisor = getpid(),
			       .init = 1,
			       .login = login,
			       .logins = CRL_ARRAY_LEN(login)};
	struct crl_rooms rooms;
	size_t swept = 0;

	(void)unused;
	needs_root();
	memset(longest, '\n', sizeof(longest) - 1);
	memset(tty, 0xff, sizeof(tty) - 1);
	memset(home, '%', sizeof(home) - 1);
	for (size_t i = 0; i < CRL_COUNT_LEN; i++)
		base.n[i] = UINT64_MAX - 1;
	for (size_t i = 0; i < CRL_ARRAY_LEN(login); i++)
		login[i] = (struct crl_record_login){.id = "abcdefghijkmnpq",
						     .uid = UINT32_MAX - 1,
						     .pid = getpid(),
						     .since = INT64_MAX,
						     .user = longest,
						     .service = tty,
						     .tty = tty,
						     .rhost = longest,
						     .base = &base,
						     .cgroup = true,
						     .scope = longest};
	assert_int_equal(crl_record_write(&s, &r), 0);
	assert_int_equal(crl_rooms_read(state, &rooms, NULL), 0);
	assert_int_equal(rooms.unreadable, 0);
	assert_int_equal(rooms.len, 1);
	assert_int_equal(rooms.item[0].logins, CRL_ARRAY_LEN(login));
	assert_string_equal(rooms.item[0].login[CRL_ARRAY_LEN(login) - 1].rhost, longest);
	assert_string_equal(rooms.item[0].home, home);
	crl_rooms_done(&rooms);
	crl_record_each_cgroup(&s, "full", "full", count_cgroup, &swept);
	assert_int_equal(swept, CRL_ARRAY_LEN(login));
	crl_record_remove(s.rooms, "full");
}

/* What nobody could read is not written, and the record before stands. */
static void test_the_writer_checks_the_bound(void **unused)
{
	struct crl_adopt adopt = {.policy = "p"};
	struct crl_room_info room;
	char *home = malloc(CRL_RECORD_MAX);
	struct crl_record r = {.name = "long",
			       .room = "long",
			       .adopt = &adopt,
			       .filter = "",
			       .slice = "",
			       .user = "u",
			       .home = home,
			       .supervisor = getpid(),
			       .init = 1};

	(void)unused;
	assert_non_null(home);
	needs_root();
	write_record("long", "longroom", "u");
	memset(home, 'x', CRL_RECORD_MAX - 1);
	home[CRL_RECORD_MAX - 1] = '\0';
	assert_int_equal(crl_record_write(&s, &r), -EMSGSIZE);
	assert_false(is_there("long.new"));
	assert_int_equal(crl_room_load(s.rooms, "long", &room), 0);
	assert_string_equal(room.id, "longroom");
	crl_room_info_done(&room);
	free(home);
	crl_record_remove(s.rooms, "long");
}

/* One text that a reader would have to cut: half a name is another's. */
static void test_the_writer_checks_each_text(void **unused)
{
	static const char *const field[] = {"user", "home", "slice", "filter", "values", "rhost", "scope"};
	static char longest[CRL_HOME_MAX + 1], values[CRL_DIGESTS_MAX + 1];
	struct crl_adopt adopt = {.policy = "p"};

	(void)unused;
	needs_root();
	memset(longest, 'x', sizeof(longest) - 1);
	memset(values, 'x', sizeof(values) - 1);
	for (size_t i = 0; i <= CRL_ARRAY_LEN(field); i++) {
		const char *bad = i < CRL_ARRAY_LEN(field) ? field[i] : "none of them";
		struct crl_record_login login = {.id = "abcd", .user = "u", .service = "s", .tty = "", .rhost = ""};
		struct crl_record r = {.name = "text",
				       .room = "text",
				       .adopt = &adopt,
				       .filter = "",
				       .slice = "",
				       .user = "u",
				       .home = "/h",
				       .supervisor = getpid(),
				       .init = 1,
				       .login = &login,
				       .logins = 1};

		if (strcmp(bad, "user") == 0)
			r.user = longest;
		if (strcmp(bad, "home") == 0)
			r.home = longest;
		if (strcmp(bad, "slice") == 0)
			r.slice = longest;
		if (strcmp(bad, "filter") == 0)
			r.filter = longest;
		if (strcmp(bad, "values") == 0)
			r.values = values;
		if (strcmp(bad, "rhost") == 0)
			login.rhost = longest;
		if (strcmp(bad, "scope") == 0)
			login.scope = longest;
		if (crl_record_write(&s, &r) != (i < CRL_ARRAY_LEN(field) ? -EMSGSIZE : 0))
			fail_msg("too long: %s", bad);
	}
	crl_record_remove(s.rooms, "text");
}

static void put_file(const char *name, const void *bytes, size_t len, off_t size)
{
	int fd = openat(s.rooms, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

/* Whoever lists rooms is told of those that he does not see. */
static void test_the_reader_is_loud(void **unused)
{
	static const char good[] = "room=a\nsupervisor=1 2\n", nul[] = "room=a\nsupervisor=1 2\n\0login=b 1 1 1\n";
	struct crl_rooms rooms;

	(void)unused;
	needs_root();
	put_file("big.room", good, sizeof(good) - 1, (off_t)CRL_RECORD_MAX + 1);
	assert_int_equal(crl_rooms_read(state, &rooms, NULL), 0);
	assert_int_equal(rooms.len, 0);
	assert_int_equal(rooms.unreadable, 1);
	assert_int_equal(rooms.error, -EFBIG);
	assert_string_equal(rooms.unreadable_name, "big.room");
	crl_rooms_done(&rooms);
	put_file("big.room", nul, sizeof(nul) - 1, sizeof(nul) - 1);
	put_file("good.room", good, sizeof(good) - 1, sizeof(good) - 1);
	assert_int_equal(crl_rooms_read(state, &rooms, NULL), 0);
	assert_int_equal(rooms.len, 1);
	assert_int_equal(rooms.unreadable, 1);
	assert_int_equal(rooms.error, -EBADMSG);
	crl_rooms_done(&rooms);
	crl_record_remove(s.rooms, "big");
	crl_record_remove(s.rooms, "good");
}

/* Another room may have taken the name meanwhile. */
static void test_only_the_own_record_goes(void **unused)
{
	(void)unused;
	needs_root();
	write_record("shared", "newroom", "u");
	crl_record_remove_own(&s, "shared", "oldroom", true);
	assert_true(is_there("shared.room"));
	crl_record_remove_own(&s, "shared", "newroom", true);
	assert_false(is_there("shared.room"));
	assert_false(is_there("shared.lock"));
}

static void test_a_zombie_is_dead(void **unused)
{
	siginfo_t info;
	pid_t pid = fork();

	(void)unused;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(crl_process_start(pid), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(crl_process_start(getpid()) > 0);
}

/* Whoever waits for the lock of a room that ends must not come away with a file that nobody else can find. */
static void test_an_ended_rooms_lock_is_not_taken(void **unused)
{
	int lock = -EBADF, status;
	pid_t pid;

	(void)unused;
	needs_root();
	assert_int_equal(crl_state_lock(&s, "ending", LOCK_EX, &lock), 0);
	pid = fork();
	if (pid == 0) {
		struct stat st;
		int mine;

		close(lock);
		_exit(crl_state_lock(&s, "ending", LOCK_EX, &mine) == 0 && fstat(mine, &st) == 0 && st.st_nlink == 1
			      ? 0
			      : 1);
	}
	crl_pause_ms(300); /* for it to wait; a late one finds no file and makes its own */
	crl_state_unlock_for_good(&s, "ending");
	close(lock);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	crl_record_remove(s.rooms, "ending");
}

static int setup(void **unused)
{
	(void)unused;
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(state, sizeof(state), "%s/state", dir);
	return geteuid() == 0 ? crl_state_open(state, &s, NULL) : 0;
}

static int teardown(void **unused)
{
	char command[64];

	(void)unused;
	crl_state_done(&s);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory_is_roots_alone),
		cmocka_unit_test(test_hostile_texts_stay_texts),
		cmocka_unit_test(test_a_full_room_can_be_read),
		cmocka_unit_test(test_the_writer_checks_the_bound),
		cmocka_unit_test(test_the_writer_checks_each_text),
		cmocka_unit_test(test_the_reader_is_loud),
		cmocka_unit_test(test_only_the_own_record_goes),
		cmocka_unit_test(test_a_zombie_is_dead),
		cmocka_unit_test(test_an_ended_rooms_lock_is_not_taken),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
