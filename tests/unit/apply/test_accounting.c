// SPDX-License-Identifier: Apache-2.0
/* Mirroring of a room's utmp into host files of our own; read back as structs and by who(1), last(1),
 * utmpdump(1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "apply/accounting/accounting.h"
#include "apply/accounting/hostlog.h"
#include "ctl/image/elf.h"

static char dir[] = "/tmp/carrel-mirror-XXXXXX";
static char utmp_path[64], wtmp_path[64], lastlog_path[64], room_path[64];
static struct crl_accounting_files files = {.utmp = utmp_path, .wtmp = wtmp_path, .lastlog = lastlog_path};
static struct crl_accounting mirror;
static int room = -EBADF;

static void touch(const char *path)
{
	scoped_fd fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
}

static int setup(void **state)
{
	(void)state;
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(utmp_path, sizeof(utmp_path), "%s/utmp", dir);
	(void)snprintf(wtmp_path, sizeof(wtmp_path), "%s/wtmp", dir);
	(void)snprintf(lastlog_path, sizeof(lastlog_path), "%s/lastlog", dir);
	(void)snprintf(room_path, sizeof(room_path), "%s/room", dir);
	touch(utmp_path);
	touch(wtmp_path);
	touch(lastlog_path);
	touch(room_path);
	room = open(room_path, O_RDWR | O_CLOEXEC);
	return crl_accounting_open(&files, &mirror, NULL);
}

static int teardown(void **state)
{
	static const char *const names[] = {"utmp", "wtmp", "lastlog", "room", "wtmp.1"};
	char path[64];

	(void)state;
	crl_accounting_done(&mirror);
	drop_fd(&room);
	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

static struct utmp record(const char *line, const char *user, pid_t pid)
{
	struct utmp u = {.ut_type = USER_PROCESS, .ut_pid = pid};
	struct timeval now;

	(void)gettimeofday(&now, NULL);
	u.ut_tv.tv_sec = (__typeof__(u.ut_tv.tv_sec))now.tv_sec - 5;
	(void)snprintf(u.ut_line, sizeof(u.ut_line), "%s", line);
	(void)snprintf(u.ut_user, sizeof(u.ut_user), "%s", user);
	(void)snprintf(u.ut_host, sizeof(u.ut_host), "lies");
	return u;
}

static void put(const char *path, size_t index, const struct utmp *u)
{
	scoped_fd fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, u, sizeof(*u), (off_t)(index * sizeof(*u))), sizeof(*u));
}

static struct utmp get(const char *path, size_t index)
{
	scoped_fd fd = open(path, O_RDONLY | O_CLOEXEC);
	struct utmp u = {0};

	(void)!pread(fd, &u, sizeof(u), (off_t)(index * sizeof(u)));
	return u;
}

static size_t count(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size % (off_t)sizeof(struct utmp), 0);
	return (size_t)st.st_size / sizeof(struct utmp);
}

static struct crl_accounting_login member(const char *id, const char *user)
{
	return (struct crl_accounting_login){
		.id = id, .app = getpid(), .uid = 7, .user = user, .rhost = "192.0.2.9", .tty = "ssh"};
}

/* What a program prints about the files. */
static const char *run(const char *command, const char *path)
{
	static char out[4096];
	char line[160];
	size_t n;
	FILE *f;

	(void)snprintf(line, sizeof(line), "LC_ALL=C %s %s 2>/dev/null", command, path);
	f = popen(line, "r");
	n = f ? fread(out, 1, sizeof(out) - 1, f) : 0;
	out[n] = '\0';
	if (f)
		(void)pclose(f);
	return out;
}

/* Debian 13 has no last(1), or wtmpdb's, which reads no such file; and each architecture a struct utmp of its own. */
static bool is_asked(const char *command)
{
	scoped(ctl_elf) elf = {.needed.len = 0};
	scoped_free char *real = NULL;
	scoped_fd fd = -EBADF;
	char path[64];
	int rc;

	(void)snprintf(path, sizeof(path), "/usr/bin/%.*s", (int)strcspn(command, " "), command);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -errno : ctl_elf_read(fd, &elf);
	real = realpath(path, NULL);
	if (rc == 0 && real && strstr(real, "wtmpdb")) {
		print_message("not asked: %s: it is %s\n", path, real);
		return false;
	}
	if (rc < 0)
		print_message("not asked: %s: %s\n", path,
			      rc == -EXDEV ? "made for another architecture" : strerror(-rc));
	return rc == 0;
}

static void says(const char *command, const char *path, const char *text)
{
	if (is_asked(command) && !strstr(run(command, path), text))
		fail_msg("%s: %s expected: %s", command, run(command, path), text);
}

static void says_not(const char *command, const char *path, const char *text)
{
	if (is_asked(command) && strstr(run(command, path), text))
		fail_msg("%s: %s not expected: %s", command, run(command, path), text);
}

static void test_in_and_out(void **state)
{
	struct crl_accounting_login l = member("ab2345", "bob");
	struct utmp u = record("pts/0", "mallory", getpid());
	struct lastlog last = {0};
	scoped_fd fd = -EBADF;

	(void)state;
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0); /* no second record */
	assert_int_equal(count(utmp_path), 1);
	assert_int_equal(count(wtmp_path), 1);
	assert_int_equal(get(utmp_path, 0).ut_type, USER_PROCESS);
	assert_string_equal(get(utmp_path, 0).ut_line, "ab2345/pts/0");
	assert_string_equal(get(utmp_path, 0).ut_user, "bob");
	assert_string_equal(get(utmp_path, 0).ut_host, "192.0.2.9");
	assert_int_equal(get(utmp_path, 0).ut_addr_v6[0], (int32_t)htonl(0xc0000209));
	assert_int_equal(get(utmp_path, 0).ut_pid, getpid());
	assert_int_equal(get(utmp_path, 0).ut_tv.tv_sec, u.ut_tv.tv_sec);
	says("who", utmp_path, "bob      ab2345/pts/0");
	/* last(1) says "still logged in" only for users whom it finds in passwd, by loginuid or by /dev/LINE.
	 */
	says("last -w -f", wtmp_path, "bob      ab2345/pts/0 192.0.2.9");
	says("last -w -f", wtmp_path, "gone - no logout");
	says("utmpdump", utmp_path, "[%");
	fd = open(lastlog_path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, &last, sizeof(last), 7 * sizeof(last)), sizeof(last));
	assert_string_equal(last.ll_line, "pts/0"); /* read by the user: where he was */
	assert_string_equal(last.ll_host, "192.0.2.9");
	assert_int_equal(last.ll_time, u.ut_tv.tv_sec);

	u.ut_type = DEAD_PROCESS;
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(crl_accounting_end_all(&mirror), 0); /* no second logout */
	assert_int_equal(get(utmp_path, 0).ut_type, DEAD_PROCESS);
	assert_int_equal(get(utmp_path, 0).ut_user[0], '\0');
	assert_int_equal(count(wtmp_path), 2);
	assert_int_equal(get(wtmp_path, 1).ut_type, DEAD_PROCESS);
	assert_string_equal(get(wtmp_path, 1).ut_line, "ab2345/pts/0");
	says_not("who", utmp_path, "bob");
	says_not("last -w -f", wtmp_path, "gone");
}

/* sshd's record of a logout names no user, and its process is gone. */
static struct utmp dead_record(const char *line)
{
	struct utmp u = record(line, "", 4194303);

	u.ut_type = DEAD_PROCESS;
	return u;
}

/* A shell that was over before we looked. */
static void test_in_and_out_unseen(void **state)
{
	struct crl_accounting_login two[] = {member("aa", "bob"), member("bb", "eve")};
	struct utmp u = dead_record("pts/0");

	(void)state;
	two[0].app = two[1].app = 1;
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, two, 2), 0);
	assert_int_equal(mirror.line[0].state, CRL_LINE_ENDED);
	assert_string_equal(mirror.line[0].login, "bb");
	assert_int_equal(crl_accounting_sync(&mirror, room, two, 2), 0); /* no second one */
	assert_int_equal(mirror.line[0].state, CRL_LINE_FREE);
	assert_int_equal(count(wtmp_path), 2);
	assert_int_equal(get(utmp_path, 0).ut_type, DEAD_PROCESS);
	says("last -w -f", wtmp_path, "eve      bb/pts/0     192.0.2.9");
	says_not("last -w -f", wtmp_path, "gone");
}

/* Who came by su(1) is on a terminal of the host's, whose record is another's: the room's of that name is no proof. */
static void test_unseen_is_not_of_the_host(void **state)
{
	struct crl_accounting_login l = member("aa", "bob");
	struct utmp operator= record("pts/0", "operator", 1), u = dead_record("pts/0");

	(void)state;
	l.app = 1;
	l.tty = "pts/0";
	put(utmp_path, 0, &operator);
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(get(utmp_path, 0).ut_type, USER_PROCESS);
	assert_string_equal(get(utmp_path, 0).ut_user, "operator");
	assert_string_equal(get(wtmp_path, 0).ut_line, "aa/pts/0");
	assert_int_equal(count(wtmp_path), 2);
}

/* What ended as it should is not taken for another, nor is it another's. */
static void test_dead_record_of_a_seen_one(void **state)
{
	struct crl_accounting_login two[] = {member("aa", "bob"), member("bb", "bob")};
	struct utmp u = record("pts/0", "bob", getpid()), dead = dead_record("pts/0");

	(void)state;
	two[1].app = 1;
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, two, 1), 0);
	dead.ut_tv.tv_usec = u.ut_tv.tv_usec + 1;
	put(room_path, 0, &dead);
	for (int i = 0; i < 3; i++)
		assert_int_equal(crl_accounting_sync(&mirror, room, two, 2), 0);
	assert_int_equal(count(wtmp_path), 2);
	assert_int_equal(count(utmp_path), 1);
	says_not("last -w -f", wtmp_path, "bb/");
}

/* A login that is over stays over, though its record still stands in the room of the other. */
static void test_ended_login_is_no_ghost(void **state)
{
	struct crl_accounting_login two[] = {member("aa", "bob"), member("bb", "bob")};
	struct utmp u = record("pts/0", "bob", getpid());

	(void)state;
	two[1].app = 1;
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, two, 2), 0);
	assert_string_equal(get(utmp_path, 0).ut_line, "aa/pts/0");
	assert_int_equal(crl_accounting_end_login(&mirror, "bb"), 0);
	assert_int_equal(get(utmp_path, 0).ut_type, USER_PROCESS);
	assert_int_equal(crl_accounting_end_login(&mirror, "aa"), 0);
	assert_int_equal(get(utmp_path, 0).ut_type, DEAD_PROCESS);
	assert_int_equal(crl_accounting_sync(&mirror, room, &two[1], 1), 0);
	assert_int_equal(count(utmp_path), 1);
	assert_int_equal(get(utmp_path, 0).ut_type, DEAD_PROCESS);
	u.ut_tv.tv_usec = 77; /* the terminal's next user */
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &two[1], 1), 0);
	assert_int_equal(get(utmp_path, 0).ut_type, USER_PROCESS); /* and a dead slot of ours is used again */
	assert_string_equal(get(utmp_path, 0).ut_line, "bb/pts/0");
	assert_int_equal(count(utmp_path), 1);
}

static void test_owner(void **state)
{
	struct crl_accounting_login l[] = {member("aa", "bob"), member("bb", "bob"), member("cc", "eve")};
	pid_t child = fork();
	struct utmp u;

	(void)state;
	if (child == 0) {
		(void)sleep(20);
		_exit(0);
	}
	l[0].app = getpid();
	l[1].app = 1;
	l[2].app = 1;
	u = record("pts/0", "eve", child); /* by descent, whatever user it claims */
	put(room_path, 0, &u);
	u = record("pts/1", "bob", 999999999); /* by user: the newest */
	put(room_path, 1, &u);
	u = record("pts/2", "nobody-known", 999999999);
	put(room_path, 2, &u);
	u = record("pts/3", "bob", -5);
	put(room_path, 3, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, l, 3), 0);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	assert_string_equal(get(utmp_path, 0).ut_line, "aa/pts/0");
	assert_string_equal(get(utmp_path, 0).ut_user, "bob");
	assert_string_equal(get(utmp_path, 1).ut_line, "bb/pts/1");
	assert_int_equal(get(utmp_path, 1).ut_pid, 1); /* alive on the host, unlike the record's */
	assert_string_equal(get(utmp_path, 2).ut_line, "bb/pts/3");
	assert_int_equal(count(utmp_path), 3);
}

/* sshd writes its own pid, which in a room with a PID namespace is nobody's: who(1) would leave the user out. */
static void test_alive_inside(void **state)
{
	struct crl_accounting_login l = member("aa", "bob");
	struct utmp u = record("pts/0", "bob", getpid());

	(void)state;
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(get(room_path, 0).ut_pid, getpid()); /* as it was where all have the same pids */
	mirror.pids_are_foreign = true;
	u = record("pts/1", "bob", getpid());
	put(room_path, 1, &u);
	for (int i = 0; i < 2; i++) { /* what was changed is not taken for another record */
		assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
		assert_int_equal(get(room_path, 0).ut_pid, getpid());
		assert_int_equal(get(room_path, 1).ut_pid, 1);
		assert_string_equal(get(room_path, 1).ut_line, "pts/1");
		assert_int_equal(get(utmp_path, 1).ut_pid, getpid()); /* the host's is the application's */
		assert_int_equal(count(wtmp_path), 2);
	}
	u.ut_type = DEAD_PROCESS;
	put(room_path, 1, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(get(utmp_path, 1).ut_type, DEAD_PROCESS);
	assert_int_equal(get(room_path, 1).ut_pid, getpid());
}

/* login(1): the terminal is the host's, its slot was getty's. */
static void test_outer_tty(void **state)
{
	struct crl_accounting_login l = member("aa", "bob");
	struct utmp getty = record("tty1", "LOGIN", 1), u = record("tty1", "bob", getpid());

	(void)state;
	getty.ut_type = LOGIN_PROCESS;
	memcpy(getty.ut_id, "tty1", 4);
	put(utmp_path, 0, &getty);
	put(room_path, 0, &u);
	l.tty = "tty1";
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(count(utmp_path), 1);
	assert_string_equal(get(utmp_path, 0).ut_line, "tty1");
	assert_memory_equal(get(utmp_path, 0).ut_id, "tty1", 4);
	assert_int_equal(get(utmp_path, 0).ut_type, USER_PROCESS);
}

/* A terminal of the host stands for one of the login's: who wrote about that number before is gone. */
static void test_outer_of_the_host(void **state)
{
	struct crl_accounting_login l = member("aa", "bob");
	struct utmp before = record("pts/7", "eve", 1), u;
	struct crl_accounting_left *left = NULL;

	(void)state;
	l.outer = "pts/7";
	memcpy(before.ut_id, "ts/7", 4); /* sshd's, which does not end what it did not see end */
	put(utmp_path, 0, &before);
	u = record("pts/0", "bob", getpid());
	put(room_path, 0, &u);
	u = record("pts/1", "bob", getpid());
	put(room_path, 1, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(count(utmp_path), 2);
	assert_string_equal(get(utmp_path, 0).ut_line, "pts/7");
	assert_string_equal(get(utmp_path, 0).ut_user, "bob");
	assert_int_equal(get(utmp_path, 0).ut_id[0], '%');
	assert_string_equal(get(utmp_path, 1).ut_line, "aa/pts/1"); /* it stands for one only */
	assert_string_equal(get(wtmp_path, 0).ut_line, "pts/7");
	assert_int_equal(get(wtmp_path, 0).ut_id[0], '%');
	assert_int_equal(crl_accounting_find(&mirror, &left), 2); /* so the sweep knows it for ours */
	free(left);
	u.ut_type = DEAD_PROCESS;
	memcpy(u.ut_line, "pts/0\0", 6);
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(get(utmp_path, 0).ut_type, DEAD_PROCESS);
	assert_int_equal(get(wtmp_path, 2).ut_id[0], '%');
	u = record("pts/2", "bob", getpid());
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_string_equal(get(utmp_path, 0).ut_line, "pts/7"); /* and for another one later */
}

static void test_ids_are_unique(void **state)
{
	struct crl_accounting_login l = member("aa", "bob");
	struct utmp u, first;

	(void)state;
	u = record("pts/0", "bob", getpid());
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	first = get(utmp_path, 0);
	touch(utmp_path);
	(void)crl_accounting_end_all(&mirror);
	u = record("foreign", "x", 1); /* has the id that we would take */
	memcpy(u.ut_id, first.ut_id, sizeof(u.ut_id));
	put(utmp_path, 0, &u);
	u = record("pts/0", "bob", getpid());
	u.ut_tv.tv_usec = 5;
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(count(utmp_path), 2);
	assert_string_equal(get(utmp_path, 0).ut_line, "foreign");
	assert_memory_not_equal(get(utmp_path, 1).ut_id, first.ut_id, 4);
}

/* Two rooms on one pair of files; one leaves. */
static void test_two_rooms(void **state)
{
	struct crl_accounting_login a = member("aa", "bob"), b = member("bb", "eve");
	scoped(crl_accounting) other = {.utmp = -EBADF, .wtmp = -EBADF, .lastlog = -EBADF};
	struct utmp u = record("pts/0", "x", getpid());

	(void)state;
	assert_int_equal(crl_accounting_open(&files, &other, NULL), 0);
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &a, 1), 0);
	assert_int_equal(crl_accounting_sync(&other, room, &b, 1), 0);
	assert_int_equal(count(utmp_path), 2);
	assert_int_equal(crl_accounting_end_all(&mirror), 0);
	says_not("who", utmp_path, "bob");
	says("who", utmp_path, "eve");
}

/* As if its supervisor had died: what is ours is found by its mark, with and without an id in the line's name. */
static void test_sweep(void **state)
{
	struct crl_accounting_login a = member("aa", "bob"), b = member("bb", "eve");
	struct crl_accounting_left *left = NULL;
	struct utmp u = record("pts/0", "bob", getpid());

	(void)state;
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &a, 1), 0);
	u = record("tty7", "eve", getpid() + 1);
	b.tty = "tty7";
	b.app = getpid() + 1;
	put(room_path, 0, &u);
	memset(&mirror.line, 0, sizeof(mirror.line));
	assert_int_equal(crl_accounting_sync(&mirror, room, &b, 1), 0);
	u = record("aa/pts/9", "foreign", 1);
	put(utmp_path, 2, &u);

	assert_int_equal(crl_accounting_find(&mirror, &left), 2);
	assert_string_equal(left[0].id, "aa");
	assert_string_equal(left[0].line, "aa/pts/0");
	assert_int_equal(left[0].app, getpid());
	assert_string_equal(left[1].id, "");
	assert_string_equal(left[1].line, "tty7");
	assert_int_equal(left[1].app, getpid() + 1);

	assert_int_equal(crl_accounting_sweep(&mirror, &left[1]), 0);
	says_not("who", utmp_path, "eve");
	says("who", utmp_path, "bob");
	assert_int_equal(count(wtmp_path), 3);
	assert_int_equal(get(wtmp_path, 2).ut_type, DEAD_PROCESS);
	assert_string_equal(get(wtmp_path, 2).ut_line, "tty7");
	assert_int_equal(crl_accounting_sweep(&mirror, &left[1]), 0); /* somebody was first */
	assert_int_equal(count(wtmp_path), 3);
	free(left);
}

static void test_hostile(void **state)
{
	struct crl_accounting_login l = member("aa", "bo\x1b\nb");
	struct utmp u;

	(void)state;
	memset(&u, 0xff, sizeof(u));
	u.ut_type = USER_PROCESS;
	u.ut_pid = getpid();
	put(room_path, 0, &u); /* nothing is terminated, absurd time */
	u = record("../../etc/\x1b[2J", "x", getpid());
	u.ut_tv.tv_sec = 1;
	put(room_path, 1, &u);
	put(room_path, 2, &u); /* twice the same line */
	u.ut_tv.tv_sec = 2;
	put(room_path, 3, &u);
	u.ut_type = 77;
	put(room_path, 4, &u);
	u.ut_type = BOOT_TIME;
	put(room_path, 5, &u);
	for (int i = 0; i < 3; i++)
		assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(count(wtmp_path), 2);
	assert_string_equal(get(utmp_path, 0).ut_user, "bo__b");
	assert_memory_equal(get(utmp_path, 0).ut_line, "aa/_____________________________", 32);
	assert_string_equal(get(utmp_path, 1).ut_line, "aa/._/._/etc/_[2J");
	assert_true(get(utmp_path, 0).ut_tv.tv_sec > 1000);
	assert_true(get(utmp_path, 1).ut_tv.tv_sec > 1000);
}

static void test_bounded(void **state)
{
	struct crl_accounting_login l = member("aa", "bob");
	char line[32];

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		struct utmp u;

		(void)snprintf(line, sizeof(line), "pts/%zu", i);
		u = record(line, "bob", getpid());
		put(room_path, i, &u);
	}
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(count(utmp_path), CRL_ACCOUNTING_LINES_MAX);
	assert_int_equal(truncate(room_path, 100), 0);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	if (is_asked("who"))
		assert_string_equal(run("who", utmp_path), "");
	assert_int_equal(count(wtmp_path), 2 * CRL_ACCOUNTING_LINES_MAX);
}

/* Any user may read utmp, and a reader may lock it for ever. */
static void test_locked_by_a_reader(void **state)
{
	struct crl_accounting_login l = member("aa", "bob");
	struct utmp u = record("pts/0", "bob", getpid());
	struct flock fl = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	struct timeval before, after;
	int p[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		(void)fcntl(open(utmp_path, O_RDONLY), F_SETLK, &fl);
		(void)fcntl(open(wtmp_path, O_RDONLY), F_SETLK, &fl);
		(void)!write(p[1], "", 1);
		(void)sleep(20);
		_exit(0);
	}
	(void)!read(p[0], &(char){0}, 1);
	for (size_t i = 0; i < 4; i++) {
		u.ut_line[4] = (char)('0' + i);
		put(room_path, i, &u);
	}
	(void)gettimeofday(&before, NULL);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	(void)gettimeofday(&after, NULL);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	(void)close(p[0]);
	(void)close(p[1]);
	assert_true((after.tv_sec - before.tv_sec) * 1000000 + after.tv_usec - before.tv_usec <
		    1000000); /* one wait, not eight */
	assert_int_equal(get(utmp_path, 0).ut_type, USER_PROCESS);
	assert_int_equal(count(wtmp_path), 4);
}

static void test_waits_for_a_writer(void **state)
{
	struct crl_accounting_login l = member("aa", "bob");
	struct utmp u = record("pts/0", "bob", getpid()), foreign = record("pts/9", "x", 1);
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int p[2];
	pid_t child;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		int fd = open(utmp_path, O_RDWR);

		(void)fcntl(fd, F_SETLK, &fl);
		(void)!write(p[1], "", 1);
		(void)usleep(50000);
		(void)!pwrite(fd, &foreign, sizeof(foreign), 0); /* at the end that it saw before */
		_exit(0);
	}
	(void)!read(p[0], &(char){0}, 1);
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	(void)waitpid(child, NULL, 0);
	(void)close(p[0]);
	(void)close(p[1]);
	assert_string_equal(get(utmp_path, 0).ut_line, "pts/9");
	assert_string_equal(get(utmp_path, 1).ut_line, "aa/pts/0");
}

static void test_rotated_and_torn(void **state)
{
	struct crl_accounting_login l = member("aa", "bob");
	struct utmp u = record("pts/0", "bob", getpid());
	char old[64];

	(void)state;
	put(room_path, 0, &u);
	assert_int_equal(truncate(wtmp_path, 17), 0); /* another's half record */
	assert_int_equal(crl_accounting_sync(&mirror, room, &l, 1), 0);
	assert_int_equal(count(wtmp_path), 1);
	(void)snprintf(old, sizeof(old), "%s/wtmp.1", dir);
	assert_int_equal(rename(wtmp_path, old), 0);
	touch(wtmp_path);
	assert_int_equal(crl_accounting_end_all(&mirror), 0);
	assert_int_equal(count(old), 1);
	assert_int_equal(count(wtmp_path), 1);
}

static void test_files(void **state)
{
	struct crl_accounting_files odd = files;
	scoped(crl_accounting) a = {.utmp = -EBADF, .wtmp = -EBADF, .lastlog = -EBADF};
	struct crl_accounting_login l = member("aa", "bob");
	struct utmp u = record("pts/0", "bob", getpid());
	struct crl_err err = {0};

	(void)state;
	odd.utmp = dir;
	assert_true(crl_accounting_open(&odd, &a, &err) < 0);
	assert_non_null(strstr(err.text, dir));
	odd.utmp = "/dev/null";
	assert_int_equal(crl_accounting_open(&odd, &a, &err), -EINVAL);
	odd.utmp = "/nonexistent/utmp";
	odd.lastlog = NULL;
	assert_int_equal(crl_accounting_open(&odd, &a, &err), 0);
	put(room_path, 0, &u);
	assert_int_equal(crl_accounting_sync(&a, room, &l, 1), 0);
	assert_int_equal(count(wtmp_path), 1);
	assert_int_equal(crl_accounting_end_all(&a), 0);
	assert_int_equal(count(wtmp_path), 2);
}

static void test_watch(void **state)
{
	scoped_fd parent = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped_fd watch = crl_accounting_watch(parent);
	struct pollfd p = {.fd = watch, .events = POLLIN};
	struct utmp u = record("pts/0", "bob", getpid());

	(void)state;
	assert_true(watch >= 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	put(room_path, 0, &u);
	assert_int_equal(poll(&p, 1, 1000), 1);
	crl_accounting_drain(watch);
	assert_int_equal(poll(&p, 1, 0), 0);
	for (int i = 0; i < 100; i++) /* however much is written, one event waits */
		put(room_path, 0, &u);
	crl_accounting_drain(watch);
	assert_int_equal(poll(&p, 1, 0), 0);
	drop_fd(&parent); /* then nobody watches */
	put(room_path, 0, &u);
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(crl_accounting_watch(-1), -EBADF);
	assert_int_equal(crl_accounting_watch(room), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_in_and_out),
		T(test_in_and_out_unseen),
		T(test_unseen_is_not_of_the_host),
		T(test_dead_record_of_a_seen_one),
		T(test_ended_login_is_no_ghost),
		T(test_owner),
		T(test_alive_inside),
		T(test_outer_tty),
		T(test_outer_of_the_host),
		T(test_ids_are_unique),
		T(test_two_rooms),
		T(test_sweep),
		T(test_hostile),
		T(test_bounded),
		T(test_locked_by_a_reader),
		T(test_waits_for_a_writer),
		T(test_rotated_and_torn),
		T(test_files),
		T(test_watch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
