// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-keeper by itself: what power its processes have, what it answers whom, and what it does when its room has
 * ended. The room is a process with a /run of its own, its supervisor another; nothing here is timed: what must come
 * is waited for, and what must not come has the end of the keeper to come before it.
 *
 * Runs in: tests only, as root.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/dir.h"
#include "base/file.h"
#include "helper/keeper_start.h"
#include "helper/process/beside.h"
#include "store/stack.h"
#include "wire/fds.h"
#include "wire/wish.h"

#define GIVE_UP_S 120
#define UID 54321
#define GID 54322
#define OTHER 54323
#define ROOM "keepertest"

static char dir[] = "/tmp/carrel-keeper-XXXXXX";
static char keeper[PATH_MAX], client[PATH_MAX];
static int data, home, use;
static pid_t init, supervisor;
static int alive; /* hung up when the keeper is gone */
static int gate; /* of the test; see shut_gate() */

static void path_in(char *buf, const char *name)
{
	(void)snprintf(buf, PATH_MAX, "%s/%s", dir, name);
}

static int open_dir(const char *name)
{
	char path[PATH_MAX];
	int fd;

	path_in(path, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static int make_dir(const char *name, uid_t owner)
{
	char path[PATH_MAX];

	path_in(path, name);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chown(path, owner, owner ? GID : 0), 0);
	return open_dir(name);
}

static void put(int at, const char *name, const char *text)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchown(fd, UID, GID), 0);
	assert_int_equal(close(fd), 0);
}

static bool is_there(int at, const char *name)
{
	return faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A room: a mount namespace with a /run of its own. */
static void start_room(void)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	init = fork();
	if (init == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("run", "/run", "tmpfs", 0, "mode=755") < 0 ||
		    close(open("/run/carrel-room", O_CREAT | O_WRONLY | O_CLOEXEC, 0444)) < 0 ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
}

/* As the helper does it. */
static _Noreturn void supervise(const char *at_end, bool listens, int channel)
{
	static const uint32_t groups[] = {GID, 54330, 54331};
	struct crl_keeper_start s = {.room = ROOM,
				     .user = "ana",
				     .uid = UID,
				     .gid = GID,
				     .group = groups,
				     .groups = CRL_ARRAY_LEN(groups),
				     .data = data,
				     .lower = &home,
				     .lowers = 1,
				     .lower_is_home = true,
				     .listen = -EBADF,
				     .at_end = at_end,
				     .snapshots = 3};
	struct crl_err err = {0};
	char path[PATH_MAX];
	int hup = -EBADF;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	path_in(path, "use");
	s.init = pidfd_open(init, 0);
	s.use = open(path, O_RDWR | O_CLOEXEC);
	if ((listens && crl_keeper_listen(init, UID, &s.listen, &err) < 0) || crl_keeper_start(&s, &hup, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		_exit(1);
	}
	(void)close(s.listen);
	if (crl_fds_send(channel, &(struct iovec){(char[]){'x'}, 1}, 1, &hup, 1) < 0)
		_exit(1);
	(void)close(hup);
	for (;;)
		(void)pause();
}

static void start_keeper(const char *at_end, bool listens)
{
	const struct crl_fds_rule rule = {.most = 1};
	struct crl_fds got = CRL_FDS_NONE;
	char byte[1];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	supervisor = fork();
	if (supervisor == 0)
		supervise(at_end, listens, pair[1]);
	(void)close(pair[1]);
	assert_int_equal(crl_fds_wait(pair[0], INT64_MAX), 0);
	assert_int_equal(crl_fds_take(pair[0], &(struct iovec){byte, 1}, 1, &rule, &got), 1);
	alive = got.fd[0];
	(void)close(pair[0]);
}

/* Its processes, by the name that it has given itself. */
static size_t find_keepers(pid_t pid[2])
{
	DIR *proc = opendir("/proc");
	size_t n = 0;

	assert_non_null(proc);
	for (struct dirent *d; (d = readdir(proc));) {
		char path[300], text[256];

		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%s/cmdline", d->d_name);
		if (crl_file_read(AT_FDCWD, path, text, sizeof(text)) <= 0 || strcmp(text, "carrel-keeper:" ROOM) != 0)
			continue;
		assert_true(n < 2);
		pid[n++] = (pid_t)strtol(d->d_name, NULL, 10);
	}
	(void)closedir(proc);
	return n;
}

static void status_of(pid_t pid, char text[8192])
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	assert_true(crl_file_read(AT_FDCWD, path, text, 8192) > 0);
}

static bool has(const char *status, const char *line)
{
	return strstr(status, line) != NULL;
}

/* The one without power; it is ready when its filter is there. */
static pid_t find_worker(void)
{
	for (;; crl_pause_ms(5)) {
		pid_t pid[2];
		size_t n = find_keepers(pid);
		char text[8192];

		for (size_t i = 0; i < n; i++) {
			status_of(pid[i], text);
			if (has(text, "\nSeccomp:\t2\n") && has(text, "\nCapEff:\t0000000000000000\n"))
				return pid[i];
		}
	}
}

/* For a while, which only shows what is wrong sooner. */
static bool stays_alive(void)
{
	struct pollfd p = {.fd = alive};

	return poll(&p, 1, 300) == 0;
}

static void await_end(void)
{
	struct pollfd p = {.fd = alive};

	assert_int_equal(poll(&p, 1, -1), 1);
	assert_true(p.revents & POLLHUP);
}

static void kill_and_wait(pid_t *pid)
{
	if (*pid <= 0)
		return;
	(void)kill(*pid, SIGKILL);
	(void)waitpid(*pid, NULL, 0);
	*pid = 0;
}

static void end_room(void)
{
	kill_and_wait(&init);
	kill_and_wait(&supervisor);
}

/* As a process of the room would, with the room's mounts. Returns its pid. */
static pid_t be_in_room(uid_t uid)
{
	pid_t pid = fork();
	char path[64];
	int ns;

	if (pid != 0)
		return pid;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)init);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNS) < 0 || setgroups(0, NULL) < 0 || setresgid(GID, GID, GID) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		_exit(99);
	return 0;
}

static char said[2 << 20];

/* What carrel home ARGUMENTS says, and its exit status. */
static int ask(uid_t uid, const char *word, const char *name)
{
	int pipes[2], program = open(client, O_PATH | O_CLOEXEC), status;
	size_t at = 0;
	pid_t pid;

	assert_true(program >= 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = be_in_room(uid);
	if (pid == 0) {
		char *argv[] = {(char[]){"carrel"}, (char[]){"home"}, crl_unconst(word), crl_unconst(name), NULL};

		if (dup2(pipes[1], 1) == 1 && dup2(pipes[1], 2) == 2)
			(void)syscall(__NR_execveat, program, "", argv, NULL, AT_EMPTY_PATH);
		_exit(98);
	}
	(void)close(pipes[1]);
	for (ssize_t n; (n = read(pipes[0], said + at, sizeof(said) - 1 - at)) > 0;)
		at += (size_t)n;
	said[at] = '\0';
	(void)close(pipes[0]);
	(void)close(program);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int setup(void **state)
{
	const struct crl_stack_top top = {UID, GID, 0700};
	struct crl_err err = {0};
	char path[PATH_MAX];

	(void)state;
	(void)alarm(GIVE_UP_S);
	(void)umask(077);
	(void)strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	data = make_dir("data", UID);
	assert_int_equal(fchown(data, UID, 0), 0); /* as the store has it */
	home = make_dir("home", UID);
	put(home, "below", "below\n");
	path_in(path, "use");
	use = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(crl_stack_ready(data, &top, &err), 0);
	start_room();
	return 0;
}

static int teardown(void **state)
{
	char command[PATH_MAX + 16];

	(void)state;
	end_room();
	drop_fd(&gate); /* who stands there still goes on */
	if (alive >= 0)
		await_end();
	drop_fd(&alive);
	drop_fd(&data);
	drop_fd(&home);
	drop_fd(&use);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", dir);
	(void)alarm(0);
	return system(command);
}

static void put_up(const char *name, const char *text)
{
	struct crl_err err = {0};
	int up;

	assert_int_equal(crl_stack_open_up(data, &up, &err), 0);
	put(up, name, text);
	(void)close(up);
}

static bool is_up(const char *name)
{
	struct crl_err err = {0};
	scoped_fd up = -EBADF;

	assert_int_equal(crl_stack_open_up(data, &up, &err), 0);
	return is_there(up, name);
}

static void check_ids(const char *status)
{
	assert_true(has(status, "\nUid:\t54321\t54321\t54321\t54321\n"));
	assert_true(has(status, "\nGid:\t54322\t54322\t54322\t54322\n"));
	assert_true(has(status, "\nNoNewPrivs:\t1\n"));
	assert_true(has(status, "\nSeccomp:\t2\n"));
	assert_true(has(status, "\nCapInh:\t0000000000000000\n"));
	assert_true(has(status, "\nCapAmb:\t0000000000000000\n"));
}

/* What its starter had as standard input and output, which is /dev/null in a helper and anything in a test. */
static bool is_inherited(const char *fd, const char *to)
{
	char path[32], mine[PATH_MAX];
	ssize_t len;

	if (fd[0] > '2' || fd[1])
		return false;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%c", fd[0]);
	len = readlink(path, mine, sizeof(mine) - 1);
	if (len < 0)
		return false;
	mine[len] = '\0';
	return strcmp(mine, to) == 0;
}

/* What a process has open: no directory but those of its work, and nobody else's. */
static void check_fds(pid_t pid, size_t most)
{
	char path[300], to[PATH_MAX];
	size_t n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		ssize_t len;

		if (e->d_name[0] == '.')
			continue;
		len = readlinkat(dirfd(d), e->d_name, to, sizeof(to) - 1);
		assert_true(len > 0);
		to[len] = '\0';
		n++;
		if (to[0] == '/' && strcmp(to, "/dev/null") != 0 && !is_inherited(e->d_name, to))
			assert_memory_equal(to, dir, strlen(dir));
	}
	(void)closedir(d);
	assert_true(n <= most);
}

/* keeps: helper/keeper/main R1 */
static void test_power(void **state)
{
	pid_t pid[2], worker;
	char text[8192], groups[64];

	(void)state;
	start_keeper("keep", true);
	worker = find_worker();
	assert_int_equal(find_keepers(pid), 2);
	assert_int_equal(ask(UID, "diff", NULL), 0); /* both work */
	for (size_t i = 0; i < 2; i++) {
		struct stat st;
		char path[64];

		do
			status_of(pid[i], text);
		while (!has(text, "\nSeccomp:\t2\n"));
		check_ids(text);
		(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_uid, 0); /* undumpable */
		if (pid[i] == worker) {
			(void)snprintf(groups, sizeof(groups), "\nGroups:\t54322 54330 54331 \n");
			assert_true(has(text, "\nCapPrm:\t0000000000000000\n"));
			assert_true(has(text, "\nCapBnd:\t0000000000000000\n"));
			check_fds(pid[i], 12);
		} else {
			(void)snprintf(groups, sizeof(groups), "\nGroups:\t \n");
			assert_true(has(text, "\nCapPrm:\t0000000000200000\n")); /* CAP_SYS_ADMIN */
			check_fds(pid[i], 4);
		}
		assert_true(has(text, groups));
	}
}

static void test_answers(void **state)
{
	(void)state;
	put_up("new", "12345");
	start_keeper("keep", true);
	assert_int_equal(ask(UID, "diff", NULL), 0);
	assert_string_equal(said, "added          5B  new\n");
	assert_int_equal(ask(UID, "snapshots", NULL), 0);
	assert_string_equal(said, "there are no snapshots\n");
	assert_int_equal(ask(UID, "snapshot", "one"), 0);
	assert_int_equal(ask(UID, "snapshot", "one"), 1);
	assert_non_null(strstr(said, "noted already"));
	assert_int_equal(ask(UID, "snapshots", NULL), 0);
	assert_non_null(strstr(said, "one "));
	assert_int_equal(ask(UID, "snapshot", "../up"), 2);
	assert_int_equal(ask(UID, "snapshot", "two"), 0);
	assert_int_equal(ask(UID, "snapshot", "three"), 0);
	assert_int_equal(ask(UID, "snapshot", "four"), 1); /* of three */
	assert_non_null(strstr(said, "all 3 snapshots"));
	assert_int_equal(ask(UID, "undo", NULL), 2);
	assert_int_equal(ask(UID, "diff", "now"), 2);
}

static void test_nobody_asks(void **state)
{
	(void)state;
	start_keeper("discard", false);
	assert_int_equal(ask(UID, "diff", NULL), 3);
	assert_non_null(strstr(said, "no kept home"));
}

/* Connect as somebody of the room. @program  what to do with the connection */
static void in_room(uid_t uid, void (*program)(int conn))
{
	int status;
	pid_t pid = be_in_room(uid);

	if (pid == 0) {
		const struct sockaddr_un sa = {.sun_family = AF_UNIX,
					       .sun_path = "/run/" CRL_WISH_DIR "/" CRL_WISH_SOCKET};
		int conn = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

		if (connect(conn, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
			_exit(errno == EACCES ? 0 : 2);
		program(conn);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void await_hang_up(int conn)
{
	struct crl_wish_record r;

	while (crl_fds_wait(conn, INT64_MAX) == 0) {
		int rc = crl_wish_take(conn, &r);

		if (rc == -EPIPE)
			_exit(0);
		if (rc == 0)
			_exit(7); /* an answer */
	}
}

static void ask_and_hear_nothing(int conn)
{
	crl_ignore(crl_wish_send(conn, CRL_WISH_ASK, CRL_WISH_DISCARD, ""));
	await_hang_up(conn);
}

/* keeps: helper/keeper/talk R1 */
static void test_others(void **state)
{
	char path[PATH_MAX];

	(void)state;
	start_keeper("keep", true);
	(void)find_worker();
	in_room(OTHER, ask_and_hear_nothing); /* it may not even connect */
	(void)snprintf(path, sizeof(path), "/proc/%d/root/run/carrel/home.sock", (int)init);
	assert_int_equal(chmod(path, 0666), 0);
	in_room(OTHER, ask_and_hear_nothing);
	assert_int_equal(ask(UID, "snapshots", NULL), 0);
	assert_string_equal(said, "there are no snapshots\n"); /* no wish of somebody else's */
}

static void send_garbage(int conn)
{
	char garbage[300];

	memset(garbage, 0xa5, sizeof(garbage));
	(void)send(conn, garbage, sizeof(garbage), MSG_NOSIGNAL);
	await_hang_up(conn);
}

static void send_descriptors(int conn)
{
	struct crl_wish_record r = {CRL_WISH_MAGIC, CRL_WISH_VERSION, CRL_WISH_ASK, CRL_WISH_DIFF, ""};
	const int fd[] = {0, 1, 2};

	crl_ignore(crl_fds_send(conn, &(struct iovec){&r, offsetof(struct crl_wish_record, text) + 1}, 1, fd, 3));
	await_hang_up(conn);
}

static size_t count_fds(pid_t pid)
{
	char path[64];
	size_t n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static void test_garbage(void **state)
{
	pid_t worker;
	size_t before;

	(void)state;
	start_keeper("keep", true);
	worker = find_worker();
	assert_int_equal(ask(UID, "snapshots", NULL), 0);
	before = count_fds(worker);
	for (int i = 0; i < 8; i++) {
		in_room(UID, send_garbage);
		in_room(UID, send_descriptors);
	}
	assert_int_equal(ask(UID, "snapshots", NULL), 0);
	assert_in_range(count_fds(worker), 0, before + 1); /* the last connection may be there still */
}

/* Clients that stay: silent ones, and one that asks and never reads. Returns when they are connected. */
static void leave_in_room(pid_t *pid, void (*program)(int conn))
{
	int ready[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	*pid = be_in_room(UID);
	if (*pid == 0) {
		const struct sockaddr_un sa = {.sun_family = AF_UNIX,
					       .sun_path = "/run/" CRL_WISH_DIR "/" CRL_WISH_SOCKET};
		int conn = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

		if (connect(conn, (const struct sockaddr *)&sa, sizeof(sa)) < 0)
			_exit(1);
		program(conn);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
}

static void say_nothing(int conn)
{
	(void)conn;
}

/* Its answer is longer than what a socket holds. */
static void read_nothing(int conn)
{
	int small = 1;

	(void)setsockopt(conn, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (crl_wish_send(conn, CRL_WISH_ASK, CRL_WISH_DIFF, "") < 0)
		_exit(1);
}

/* keeps: helper/keeper/talk R2 */
static void test_nothing_keeps_it_from_the_end(void **state)
{
	pid_t pid[4];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		char name[128];

		(void)snprintf(name, sizeof(name), "%0100d", i);
		put_up(name, "");
	}
	start_keeper("discard", true);
	leave_in_room(&pid[0], read_nothing);
	for (size_t i = 1; i < CRL_ARRAY_LEN(pid); i++)
		leave_in_room(&pid[i], say_nothing);
	end_room(); /* those in it are not of its PIDs: they live on */
	await_end();
	assert_false(is_up("0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
			   "000000001"));
	for (size_t i = 0; i < CRL_ARRAY_LEN(pid); i++)
		kill_and_wait(&pid[i]);
}

static void test_much(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		char name[256];

		(void)snprintf(name, sizeof(name), "%0250d", i);
		put_up(name, "");
		(void)snprintf(name, sizeof(name), "\n%0249d", i);
		put_up(name, "");
	}
	start_keeper("keep", true);
	assert_int_equal(ask(UID, "diff", NULL), 0);
	assert_in_range(strlen(said), (1 << 20) - 1024, (1 << 20) + 256);
	assert_non_null(strstr(said, "\nand more"));
	assert_null(strstr(said, "\n0")); /* names are shown, not sent to the terminal */
	assert_non_null(strstr(said, "  \\x0a000"));
}

static void test_wishes_at_the_end(void **state)
{
	struct crl_snapshots s;
	struct crl_err err = {0};

	(void)state;
	put_up("new", "1");
	start_keeper("keep", true);
	assert_int_equal(ask(UID, "snapshot", "first"), 0);
	assert_int_equal(ask(UID, "discard", NULL), 0);
	assert_int_equal(ask(UID, "snapshot", "second"), 0);
	assert_true(is_up("new"));
	end_room();
	await_end();
	assert_false(is_up("new"));
	assert_int_equal(crl_stack_read(data, NULL, &s, &err), 0);
	assert_int_equal(s.len, 2);
	assert_string_equal(s.item[0].name, "first");
	assert_int_equal(s.item[1].stack.len, 2);
	assert_false(is_there(data, "ending"));
	start_room();
	start_keeper("keep", true); /* done once */
	end_room();
	await_end();
	assert_int_equal(crl_stack_read(data, NULL, &s, &err), 0);
	assert_int_equal(s.len, 2);
}

static void test_policy_at_the_end(void **state)
{
	(void)state;
	put_up("new", "1");
	start_keeper("discard", true);
	assert_int_equal(ask(UID, "keep", NULL), 0);
	end_room();
	await_end();
	assert_true(is_up("new")); /* this time */
	start_room();
	start_keeper("ask", true);
	end_room();
	await_end();
	assert_true(is_up("new"));
	assert_true(is_there(data, "asked"));
	start_room();
	start_keeper("discard", false);
	end_room();
	await_end();
	assert_false(is_up("new"));
}

/* keeps: helper/keeper/finish R1 */
static void test_not_the_last(void **state)
{
	(void)state;
	put_up("new", "1");
	assert_int_equal(flock(use, LOCK_SH), 0); /* another room */
	start_keeper("discard", true);
	end_room();
	await_end();
	assert_true(is_up("new"));
	assert_int_equal(flock(use, LOCK_UN), 0);
	start_room();
	start_keeper("discard", true);
	kill_and_wait(&init);
	assert_true(stays_alive()); /* its supervisor may have something open in the home */
	assert_true(is_up("new"));
	end_room();
	await_end();
	assert_false(is_up("new"));
}

/* Whichever of its processes is killed while the room lives: all is kept, and the next one does what was wished. */
static void test_killed(void **state)
{
	(void)state;
	put_up("new", "1");
	for (int round = 0; round < 2; round++) {
		pid_t pid[2], worker;

		start_keeper("discard", true);
		worker = find_worker();
		assert_int_equal(find_keepers(pid), 2);
		assert_int_equal(ask(UID, "snapshot", round ? "b" : "a"), 0);
		assert_int_equal(kill(round ? worker : pid[pid[0] == worker], SIGKILL), 0);
		if (round) {
			await_end();
			while (find_keepers(pid) > 0) /* the server of marks goes by itself */
				crl_pause_ms(5);
			assert_int_equal(ask(UID, "diff", NULL), 1);
			assert_non_null(strstr(said, "gone"));
		}
		end_room();
		await_end();
		assert_int_equal(is_up("new"), round != 0);
		start_room();
		put_up("new", "1");
	}
	start_keeper("keep", true);
	end_room();
	await_end();
	assert_false(is_up("new")); /* frozen in "b" */
}

/* ---- at a certain point ---------------------------------------------------------------------------------------- */

/* Whoever opens that file of the data stands still from then on, until the gate is opened, or closed for good. */
static void shut_gate(const char *name)
{
	gate = (int)syscall(__NR_fanotify_init, FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY | O_CLOEXEC);

	if (gate < 0 || syscall(__NR_fanotify_mark, gate, FAN_MARK_ADD, FAN_OPEN_PERM, data, name) < 0) {
		(void)fprintf(stderr, "skipped: this kernel has no permission events (%s)\n", strerrorname_np(errno));
		skip();
	}
}

/* Waits until somebody stands there. @ret  who */
static struct fanotify_event_metadata await_gate(void)
{
	struct fanotify_event_metadata e;

	assert_int_equal(read(gate, &e, sizeof(e)), sizeof(e));
	return e;
}

static void open_gate(const struct fanotify_event_metadata *e)
{
	const struct fanotify_response go = {.fd = e->fd, .response = FAN_ALLOW};

	assert_int_equal(write(gate, &go, sizeof(go)), sizeof(go));
	(void)close(e->fd);
}

/* At its end, alone with the lock, before the first wish is done. */
static void stop_at_the_end(const char *at_end, struct fanotify_event_metadata *ret)
{
	start_keeper(at_end, true);
	assert_int_equal(ask(UID, "snapshot", "one"), 0);
	shut_gate("wishes");
	end_room();
	*ret = await_gate();
	assert_int_equal(flock(use, LOCK_SH | LOCK_NB), -1);
}

static char *content(int at, const char *name, char buf[64])
{
	buf[0] = '\0';
	(void)!crl_file_read(at, name, buf, 64);
	return buf;
}

static void test_commit(void **state)
{
	char text[64];

	(void)state;
	put_up("new", "new\n");
	put_up("below", "changed\n");
	start_keeper("commit", true);
	assert_int_equal(ask(UID, "keep", NULL), 0);
	assert_non_null(strstr(said, "this time"));
	end_room();
	await_end();
	assert_true(is_up("new"));
	assert_string_equal(content(home, "below", text), "below\n");
	start_room();
	start_keeper("commit", false);
	end_room();
	await_end();
	assert_false(is_up("new"));
	assert_false(is_up("below"));
	assert_string_equal(content(home, "new", text), "new\n");
	assert_string_equal(content(home, "below", text), "changed\n");
}

/* What lies below a snapshot becomes another; the snapshot shows the same. */
static void test_commit_past_a_snapshot(void **state)
{
	scoped_fd layer = -EBADF;
	struct crl_snapshots all;
	struct crl_stack stack;
	struct crl_err err = {0};
	char text[64];

	(void)state;
	put_up("below", "frozen\n");
	start_keeper("commit", true);
	assert_int_equal(ask(UID, "snapshot", "one"), 0);
	assert_non_null(strstr(said, "before your changes"));
	end_room();
	await_end();
	assert_string_equal(content(home, "below", text), "frozen\n");
	put_up("new", "new\n");
	put_up("below", "again\n");
	start_room();
	start_keeper("commit", false);
	end_room();
	await_end();
	assert_string_equal(content(home, "below", text), "again\n");
	assert_string_equal(content(home, "new", text), "new\n");
	assert_int_equal(crl_stack_read(data, &stack, &all, &err), 0);
	assert_int_equal(stack.len, 0);
	assert_int_equal(all.len, 1);
	/* The snapshot's own layer, and one of all that was carried over in both times. */
	assert_int_equal(all.item[0].stack.len, 1);
	assert_int_equal(crl_stack_open_layer(data, all.item[0].stack.layer[0], &layer, &err), 0);
	assert_string_equal(content(layer, "below", text), "frozen\n");
	assert_true(is_there(layer, "new")); /* a whiteout */
	assert_string_equal(content(layer, "new", text), "");
}

/* Layers that a dropped snapshot has left, and discarded changes, are the keeper's to tidy up as well. */
static void test_thin(void **state)
{
	struct crl_stack stack;
	struct crl_err err = {0};

	(void)state;
	put_up("one", "1");
	assert_int_equal(crl_snapshot_take(data, "first", 1, 9, &err), 0);
	put_up("two", "2");
	assert_int_equal(crl_snapshot_take(data, "second", 2, 9, &err), 0);
	assert_int_equal(crl_snapshot_drop(data, "first", &err), 0);
	assert_int_equal(crl_stack_read(data, &stack, NULL, &err), 0);
	assert_int_equal(stack.len, 2);
	start_keeper("keep", false);
	end_room();
	await_end();
	assert_int_equal(crl_stack_read(data, &stack, NULL, &err), 0);
	assert_int_equal(stack.len, 1);
	assert_int_equal(crl_snapshot_drop(data, "second", &err), 0);
	put_up("three", "3");
	start_room();
	start_keeper("discard", false);
	end_room();
	await_end();
	assert_int_equal(crl_stack_read(data, &stack, NULL, &err), 0);
	assert_int_equal(stack.len, 0);
	assert_false(is_up("three"));
}

static void put_hundreds(void)
{
	for (int i = 0; i < 200; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%d", i);
		put_up(name, name);
	}
}

/* Each of them is in one of both, whole. */
static void check_hundreds(void)
{
	struct crl_err err = {0};
	scoped_fd up = -EBADF;

	assert_int_equal(crl_stack_open_up(data, &up, &err), 0);
	for (int i = 0; i < 200; i++) {
		char name[16], text[64];

		(void)snprintf(name, sizeof(name), "%d", i);
		assert_string_equal(content(is_up(name) ? up : home, name, text), name);
	}
}

/* In the middle of it: who wants in gets in, and the next end does the rest. */
static void test_commit_gives_way(void **state)
{
	struct fanotify_event_metadata e;

	(void)state;
	put_hundreds();
	start_keeper("commit", false);
	shut_gate("up/100"); /* the fourth in the order of bytes */
	end_room();
	e = await_gate();
	assert_int_equal(ftruncate(use, 1), 0);
	open_gate(&e);
	assert_int_equal(flock(use, LOCK_SH), 0);
	check_hundreds();
	assert_true(is_up("99"));
	assert_int_equal(flock(use, LOCK_UN), 0);
	await_end();
	drop_fd(&gate);
	start_room();
	start_keeper("commit", false);
	end_room();
	await_end();
	assert_true(is_there(home, "99"));
	assert_false(is_up("99"));
}

/* Whichever of both is killed in the middle of it. */
static void test_commit_is_killed(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		struct fanotify_event_metadata e;
		pid_t pid[2];

		put_hundreds();
		start_keeper("commit", false);
		shut_gate("up/100");
		end_room();
		e = await_gate();
		assert_int_equal(find_keepers(pid), 2);
		assert_int_equal(kill(round ? e.pid : pid[pid[0] == e.pid], SIGKILL), 0);
		open_gate(&e);
		await_end();
		drop_fd(&gate);
		check_hundreds();
		start_room();
		start_keeper("commit", false);
		end_room();
		await_end();
		check_hundreds();
		assert_true(is_there(home, "99"));
		assert_false(is_up("99"));
		start_room();
	}
}

static size_t litter(void)
{
	scoped(crl_dir) d = {0};
	size_t n = 0;

	assert_int_equal(crl_dir_open(home, ".", &d), 0);
	for (const char *name; (name = crl_dir_next(&d));)
		n += strncmp(name, ".carrel-", 8) == 0;
	return n;
}

/* The changes are thrown away instead of being carried over: nothing of the begun commit stays in the home. */
static void test_nothing_stays_of_a_killed_commit(void **state)
{
	struct fanotify_event_metadata e;

	(void)state;
	put_hundreds();
	start_keeper("commit", false);
	shut_gate("up/100");
	end_room();
	e = await_gate();
	assert_int_equal(kill(e.pid, SIGKILL), 0);
	open_gate(&e);
	await_end();
	drop_fd(&gate);
	assert_int_not_equal(litter(), 0);
	start_room();
	start_keeper("discard", false);
	end_room();
	await_end();
	assert_int_equal(litter(), 0);
	assert_false(is_up("99"));
}

/* What was thrown away goes for good. */
static void test_trash(void **state)
{
	struct stat st;
	int trash;

	(void)state;
	put_up("new", "1");
	start_keeper("discard", false);
	end_room();
	await_end();
	trash = openat(data, CRL_STACK_TRASH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fstat(trash, &st), 0);
	assert_int_equal(st.st_nlink, 2); /* no directory in it */
	(void)close(trash);
}

static size_t snapshots(void)
{
	struct crl_snapshots s;
	struct crl_err err = {0};

	assert_int_equal(crl_stack_read(data, NULL, &s, &err), 0);
	return s.len;
}

/* keeps: helper/keeper/finish R2 */
static void test_who_wants_in_comes_first(void **state)
{
	struct fanotify_event_metadata e;

	(void)state;
	put_up("new", "1");
	stop_at_the_end("discard", &e);
	assert_int_equal(ftruncate(use, 1), 0); /* as a login does */
	open_gate(&e);
	assert_int_equal(flock(use, LOCK_SH), 0);
	assert_int_equal(snapshots(), 0);
	assert_true(is_up("new"));
	assert_int_equal(flock(use, LOCK_UN), 0);
	await_end();
	drop_fd(&gate);
	start_room();
	start_keeper("keep", true); /* the wish is there still */
	end_room();
	await_end();
	assert_int_equal(snapshots(), 1);
	assert_int_equal(ftruncate(use, 0), 0);
}

/* keeps: helper/keeper/finish R3 */
static void test_killed_at_its_end(void **state)
{
	struct fanotify_event_metadata e;

	(void)state;
	put_up("new", "1");
	stop_at_the_end("keep", &e);
	assert_int_equal(kill(e.pid, SIGKILL), 0);
	open_gate(&e);
	await_end();
	drop_fd(&gate);
	assert_true(is_up("new"));
	assert_true(is_there(data, "ending"));
	assert_int_equal(snapshots(), 0);
	start_room();
	start_keeper("keep", true);
	end_room();
	await_end();
	assert_int_equal(snapshots(), 1);
	assert_false(is_there(data, "ending"));
}

/* keeps: helper/keeper_start R1 */
static void test_where_it_listens(void **state)
{
	struct crl_err err = {0};
	char path[PATH_MAX], elsewhere[PATH_MAX];
	struct stat st;
	int sock = -EBADF;

	(void)state;
	(void)snprintf(path, sizeof(path), "/proc/%d/root/run/carrel", (int)init);
	path_in(elsewhere, "home");
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_true(crl_keeper_listen(init, UID, &sock, &err) < 0);
	assert_non_null(strstr(err.text, "/run/carrel"));
	assert_false(is_there(home, CRL_WISH_SOCKET));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(crl_keeper_listen(init, UID, &sock, &err), 0);
	(void)close(sock);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	(void)snprintf(path, sizeof(path), "/proc/%d/root/run/carrel/" CRL_WISH_SOCKET, (int)init);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_uid, UID);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
}

static void copy_beside(const char *name, char *ret_path)
{
	char command[3 * PATH_MAX], here[PATH_MAX];

	crl_ignore(crl_beside(name, here, sizeof(here)));
	(void)snprintf(ret_path, PATH_MAX, "%s", here);
	*strrchr(here, '/') = '\0';
	(void)snprintf(command, sizeof(command), "cp -f %s/../../../%s %s.new && mv -f %s.new %s", here, name, ret_path,
		       ret_path, ret_path);
	assert_int_equal(system(command), 0);
}

static int copy_programs(void **state)
{
	(void)state;
	alive = data = home = use = gate = -EBADF;
	copy_beside(CRL_KEEPER_PROGRAM, keeper);
	copy_beside("carrel", client);
	return 0;
}

static int remove_programs(void **state)
{
	(void)state;
	return unlink(keeper) | unlink(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_power, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_asks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_keeps_it_from_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_much, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wishes_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_policy_at_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_the_last, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commit_past_a_snapshot, setup, teardown),
		cmocka_unit_test_setup_teardown(test_thin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commit_gives_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_commit_is_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_stays_of_a_killed_commit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_wants_in_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_at_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_where_it_listens, setup, teardown),
	};

	return cmocka_run_group_tests(tests, copy_programs, remove_programs);
}
