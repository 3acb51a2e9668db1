// SPDX-License-Identifier: Apache-2.0
/*
 * What the steward finds of a room: only one that lives, of that uid, in those namespaces.
 *
 * Runs in: tests only, as root (files below STATE are root's) or with that skipped.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "state/errand_place.h"
#include "state/rooms/errand_room.h"

static char path[] = "/tmp/test_errand_room.XXXXXX";
static int dir = -EBADF;

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(path))
		return -1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	char command[100];

	(void)state;
	close(dir);
	(void)snprintf(command, sizeof(command), "rm -rf %s", path);
	return system(command);
}

/* A process to stand for an init; the caller ends it. */
static pid_t stand_in(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			(void)pause();
	assert_true(pid > 0);
	return pid;
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static struct crl_errand_room room_of(pid_t init)
{
	return (struct crl_errand_room){.id = "abcdefgh",
					.uid = 1001,
					.user = "ana",
					.home = "/home/ana",
					.policy = "shared",
					.init = init,
					.errands = "passwd,sendmail"};
}

/* keeps: state/rooms/errand_room R1 */
static void test_found_while_it_lives(void **state)
{
	pid_t init = stand_in();
	struct crl_errand_room room = room_of(init), found;
	uint64_t mount, pid;

	(void)state;
	if (geteuid() != 0) {
		end(init);
		skip();
	}
	assert_int_equal(crl_errand_room_write(dir, &room), 0);
	mount = crl_ns_inode(getpid(), "mnt");
	pid = crl_ns_inode(getpid(), "pid");
	assert_int_equal(crl_errand_room_find(dir, 1001, mount, pid, &found), 0);
	assert_string_equal(found.user, "ana");
	assert_string_equal(found.home, "/home/ana");
	assert_string_equal(found.policy, "shared");
	assert_true(crl_errand_room_has(&found, "passwd") && crl_errand_room_has(&found, "sendmail"));
	assert_false(crl_errand_room_has(&found, "send") || crl_errand_room_has(&found, "mail") ||
		     crl_errand_room_has(&found, "crontab"));
	assert_int_equal(crl_errand_room_find(dir, 1002, mount, pid, &found), -ENOENT);
	assert_int_equal(crl_errand_room_find(dir, 100, mount, pid, &found), -ENOENT);
	assert_int_equal(crl_errand_room_find(dir, 1001, mount + 1, pid, &found), -ENOENT);
	assert_int_equal(crl_errand_room_find(dir, 1001, mount, pid + 1, &found), -ENOENT);
	assert_int_equal(crl_errand_rooms_sweep(dir), 1);
	crl_errand_room_remove(dir, 1001, "bcdefghi");
	assert_int_equal(crl_errand_rooms_sweep(dir), 1);
	crl_errand_room_remove(dir, 1001, room.id);
	assert_int_equal(crl_errand_rooms_sweep(dir), 0);
	assert_int_equal(crl_errand_room_write(dir, &room), 0);
	end(init);
	assert_int_equal(crl_errand_room_find(dir, 1001, mount, pid, &found), -ENOENT);
	assert_int_equal(crl_errand_rooms_sweep(dir), 0);
}

static void test_names_that_no_line_holds(void **state)
{
	struct crl_errand_room room = room_of(getpid());

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)strcpy(room.user, "ana\nerrands=crontab");
	assert_int_equal(crl_errand_room_write(dir, &room), -EINVAL);
	room = room_of(getpid());
	room.init = 0x3fffffff;
	assert_int_equal(crl_errand_room_write(dir, &room), -ESRCH);
}

static void put(const char *name, const char *text)
{
	char file[100];
	scoped_fd fd = -EBADF;

	(void)snprintf(file, sizeof(file), "errands/%s", name);
	fd = openat(dir, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void test_broken_files_are_nobodys(void **state)
{
	struct crl_errand_room room = room_of(getpid()), found;
	uint64_t mount = crl_ns_inode(getpid(), "mnt"), pid = crl_ns_inode(getpid(), "pid");

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(crl_errand_room_write(dir, &room), 0);
	put("1001.abcdefgh", "room=abcdefgh\nuid=1001\n"); /* cut */
	assert_int_equal(crl_errand_room_find(dir, 1001, mount, pid, &found), -ENOENT);
	put("1001.abcdefgh", "nonsense");
	assert_int_equal(crl_errand_room_find(dir, 1001, mount, pid, &found), -ENOENT);
	put("1001.abcdefgh", "");
	assert_int_equal(crl_errand_room_find(dir, 1001, mount, pid, &found), -ENOENT);
	assert_int_equal(crl_errand_rooms_sweep(dir), 1); /* perhaps half written */
	assert_int_equal(chmod(path, 0755), 0);
}

static void test_place(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)umask(077);
	assert_int_equal(crl_errand_place_open(dir, &fd), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	close(fd);
	assert_int_equal(fchmodat(dir, CRL_ERRAND_DIR, 0777, 0), 0);
	assert_int_equal(crl_errand_place_open(dir, &fd), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_while_it_lives), cmocka_unit_test(test_names_that_no_line_holds),
		cmocka_unit_test(test_broken_files_are_nobodys), cmocka_unit_test(test_place)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
