// SPDX-License-Identifier: Apache-2.0
/*
 * The helper as a program: whom it refuses to work for, and what it keeps of what it was started with.
 *
 * Runs in: tests only, as root; each case starts build/carrel-helper with a socket on descriptor 3.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "wire/fdpass.h"
#include "wire/login.h"
#include "wire/msg.h"

#define UID 54321
#define CHANNEL 3
/* A phase that takes these types. */
#define ONLY(types) (&(const struct crl_phase){.accept = (types)})

static char helper[512];
static char dir[] = "/tmp/carrel-helper-XXXXXX";
static char state[64];

/* How the helper is started: what the child does before the exec, and the words after its name. */
struct start {
	void (*prepare)(void);
	const char *path; /* NULL = the product */
	const char *const *argv; /* NULL = as the module does */
};

static void must(bool so, const char *what)
{
	if (!so) {
		(void)!dprintf(2, "%s: %m\n", what);
		_exit(99);
	}
}

/* Start it with @channel on descriptor 3 and its messages in @out. */
static pid_t start(const struct start *s, int channel, int out)
{
	const char *const usual[] = {
		"carrel-helper", "--config", "/nonexistent/carrel.conf", "--state", state, "--timeout", "5", NULL};
	union {
		const char *const *in;
		char *const *out;
	} argv = {s->argv ? s->argv : usual};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		must(dup2(out, 2) == 2, "dup2");
		if (channel != CHANNEL)
			must(channel < 0 ? close(CHANNEL) == 0 || errno == EBADF : dup2(channel, CHANNEL) == CHANNEL,
			     "channel");
		else
			must(fcntl(CHANNEL, F_SETFD, 0) == 0, "channel");
		if (s->prepare)
			s->prepare();
		(void)execv(s->path ? s->path : helper, argv.out);
		must(false, "execv");
	}
	return pid;
}

/* It ends with @status and says @text. */
static void refuses(const struct start *s, int status, const char *text)
{
	char said[1024] = "";
	int out[2], got;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = start(s, -1, out[1]);
	close(out[1]);
	assert_int_equal(waitpid(pid, &got, 0), pid);
	n = read(out[0], said, sizeof(said) - 1);
	close(out[0]);
	if (n < 0 || !WIFEXITED(got) || WEXITSTATUS(got) != status || !strstr(said, text))
		fail_msg("wanted %d and \"%s\", got status %x and: %s", status, text, got, said);
}

static void be_user(void)
{
	must(setresgid(UID, UID, UID) == 0 && setresuid(UID, UID, UID) == 0, "be_user");
}

/* As a set-id program of the user's would start it. */
static void keep_users_uid(void)
{
	must(setresuid(UID, 0, 0) == 0, "keep_users_uid");
}

/* keeps: helper/process/harden R1 */
static void test_wrong_callers(void **state_)
{
	static const char *const nameless[] = {"", "--sweep", NULL};
	static const char *const none[] = {NULL};
	static const char *const unknown[] = {"carrel-helper", "--nonsense", NULL};
	static const char *const long_wait[] = {"carrel-helper", "--timeout", "601", NULL};
	static const char *const words[] = {"carrel-helper", "--sweep", "now", NULL};

	(void)state_;
	refuses(&(struct start){.prepare = be_user}, 111, "must be run by root");
	refuses(&(struct start){.prepare = keep_users_uid}, 111, "must be run by root");
	refuses(&(struct start){.argv = nameless}, 111, "called without a name");
	refuses(&(struct start){.argv = none}, 111, "called without a name");
	refuses(&(struct start){.argv = unknown}, 111, "unknown or wrong option --nonsense");
	refuses(&(struct start){.argv = long_wait}, 111, "unknown or wrong option 601");
	refuses(&(struct start){.argv = words}, 111, "unexpected argument now");
}

/* keeps: helper/process/harden R2 */
static void test_set_id_bit(void **state_)
{
	char copy[64], command[800];

	(void)state_;
	(void)snprintf(copy, sizeof(copy), "%s/helper", dir);
	(void)snprintf(command, sizeof(command), "cp %s %s && chgrp %d %s && chmod 2755 %s", helper, copy, UID, copy,
		       copy);
	assert_int_equal(system(command), 0);
	refuses(&(struct start){.path = copy}, 111, "must not have a set-id bit");
}

static struct crl_login a_login(void)
{
	return (struct crl_login){.uid = UID,
				  .gid = UID,
				  .ngroups = 1,
				  .groups = {UID},
				  .user = "nobody-here",
				  .home = "/home/nobody-here",
				  .service = "test",
				  .tty = "ssh"};
}

/* Send @login with a pidfd of @pid to a helper, and read its refusal. */
static void asked(const struct crl_login *login, pid_t pid, enum crl_stage stage, const char *text)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	scoped_fd pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct crl_err err = {0};
	int pair[2], status;
	pid_t child;

	assert_true(null >= 0 && pidfd >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	child = start(&(struct start){0}, pair[1], null);
	close(pair[1]);
	close(null);
	assert_int_equal(crl_msg_send(pair[0], CRL_MSG_OPEN, login, sizeof(*login), &pidfd, 1), 0);
	assert_int_equal(
		crl_msg_recv(pair[0], ONLY(CRL_ACCEPT(CRL_MSG_REFUSED)), &err, sizeof(err), crl_now_ms() + 30000, &got),
		0);
	assert_int_equal(waitpid(child, &status, 0), child);
	close(pair[0]);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	if (err.stage != stage || !strstr(err.text, text))
		fail_msg("wanted %s: %s, got %s: %s", crl_stage_name(stage), text, crl_stage_name(err.stage), err.text);
}

/* keeps: helper/request R1 R2 R3 */
static void test_wrong_requests(void **state_)
{
	struct crl_login login = a_login();
	pid_t other = fork();

	(void)state_;
	if (other == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	assert_true(other > 0);
	/* With nothing wrong it comes as far as the configuration that is not there. */
	asked(&login, getpid(), CRL_STAGE_CONFIG, "/nonexistent");
	asked(&login, other, CRL_STAGE_REQUEST, "sent by process");
	login.uid = 0;
	asked(&login, getpid(), CRL_STAGE_REQUEST, "root cannot be held");
	login = a_login();
	memset(login.user, 'x', sizeof(login.user));
	asked(&login, getpid(), CRL_STAGE_REQUEST, "login record: user is not terminated");
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
}

/* The channel's other end is a user's, who asks as well as anybody could. Status 0: it was told why not. */
static _Noreturn void ask_as_user(int listener)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct crl_login login = a_login();
	struct crl_err err = {0};
	int sock, self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	must((sock = accept(listener, NULL, NULL)) >= 0 && self >= 0, "accept");
	must(crl_msg_send(sock, CRL_MSG_OPEN, &login, sizeof(login), &self, 1) == 0, "send");
	must(crl_msg_recv(sock, ONLY(CRL_ACCEPT(CRL_MSG_REFUSED)), &err, sizeof(err), crl_now_ms() + 30000, &got) == 0,
	     "receive");
	_exit(err.stage == CRL_STAGE_REQUEST && strstr(err.text, "not by root") ? 0 : 1);
}

/* A socket that is connected to a user, by the kernel's word. */
static int connect_to_user(pid_t *ret_user)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), ready[2];
	char c;

	(void)snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "carrel-helper-test-%d", (int)getpid());
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	*ret_user = fork();
	if (*ret_user == 0) {
		int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

		be_user();
		must(bind(listener, (struct sockaddr *)&name, sizeof(name)) == 0 && listen(listener, 1) == 0, "listen");
		must(write(ready[1], "r", 1) == 1, "write");
		ask_as_user(listener);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(connect(sock, (struct sockaddr *)&name, sizeof(name)), 0);
	close(ready[0]);
	close(ready[1]);
	return sock;
}

/* It ends without having heard anybody. */
static void ends_with_1(int channel)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;
	pid_t pid = start(&(struct start){0}, channel, null);

	close(null);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void test_wrong_channels(void **state_)
{
	int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC), sock, status;
	pid_t user;

	(void)state_;
	ends_with_1(-1);
	ends_with_1(file);
	sock = connect_to_user(&user);
	ends_with_1(sock);
	assert_int_equal(waitpid(user, &status, 0), user);
	assert_int_equal(status, 0);
	close(sock);
	close(file);
}

static void write_config(const char *path)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs("rules = ( { policy = \"p\"; } );\n"
	      "policies = { p = { share = \"login\"; namespaces = [ \"mount\", \"pid\", \"uts\", \"ipc\", \"net\", "
	      "\"time\" ];\n"
	      "  home = { mode = \"tmpfs\"; size = \"1M\"; }; network = { mode = \"none\"; }; seccomp = { base = \"\"; "
	      "};\n"
	      "  features = { limits = \"off\"; accounting = \"off\"; time = \"prefer\"; }; }; };\n",
	      f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

/* A module that says it went in, having joined no more than @mask of the room's namespaces. */
static void lies(uint32_t mask, const char *text)
{
	static struct crl_msg_room room;
	char config[64];
	const char *const argv[] = {"carrel-helper", "--config", config, "--state", state, "--timeout", "20", NULL};
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}}, answer = {.fds = {-EBADF, -EBADF}};
	scoped_fd self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	struct crl_login login = a_login();
	struct crl_err err = {0};
	int pair[2], status;
	pid_t pid;

	(void)snprintf(config, sizeof(config), "%s/carrel.conf", dir);
	write_config(config);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, "socketpair");
	pid = start(&(struct start){.argv = argv}, pair[1], 2);
	close(pair[1]);
	must(crl_msg_send(pair[0], CRL_MSG_OPEN, &login, sizeof(login), &self, 1) == 0, "send");
	must(crl_msg_recv(pair[0], ONLY(CRL_ACCEPT(CRL_MSG_ROOM) | CRL_ACCEPT(CRL_MSG_REFUSED)), &room, sizeof(room),
			  crl_now_ms() + 30000, &got) == 0,
	     "a room");
	memcpy(&err, &room, sizeof(err));
	must(got.type == CRL_MSG_ROOM, err.text);
	err = (struct crl_err){0};
	must(!mask || setns(got.fds[0], (int)crl_ns_clone_flags(mask & room.adopt.ns_mask)) == 0, "setns");
	must(crl_msg_send(pair[0], CRL_MSG_ENTERED, NULL, 0, NULL, 0) == 0, "send");
	must(crl_msg_recv(pair[0], ONLY(CRL_ACCEPT(CRL_MSG_CONFIRMED) | CRL_ACCEPT(CRL_MSG_REFUSED)), &err, sizeof(err),
			  crl_now_ms() + 30000, &answer) == 0,
	     "an answer");
	must(answer.type == CRL_MSG_REFUSED && err.stage == CRL_STAGE_ADOPT && strstr(err.text, text), "a refusal");
	must(syscall(SYS_pidfd_send_signal, got.fds[0], 0, NULL, 0) < 0, "an end of the room");
	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 1, "an end of the helper");
}

/* keeps: helper/confirm R1 */
static void test_a_lying_module(void **state_)
{
	const uint32_t all = (1u << CRL_NS_COUNT) - 1;
	const struct {
		uint32_t mask;
		const char *text;
	} rows[] = {
		{0, "the application is not in the room's mount namespace"},
		{all & ~CRL_NS_BIT(CRL_NS_MOUNT), "not in the room's mount namespace"},
		{all & ~CRL_NS_BIT(CRL_NS_PID), "not in the room's pid namespace"},
		{all & ~CRL_NS_BIT(CRL_NS_NET), "not in the room's net namespace"},
		{all & ~CRL_NS_BIT(CRL_NS_IPC), "not in the room's ipc namespace"},
		{all & ~CRL_NS_BIT(CRL_NS_UTS), "not in the room's uts namespace"},
	};

	(void)state_;
	for (size_t i = 0; i < CRL_ARRAY_LEN(rows); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			lies(rows[i].mask, rows[i].text);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("row %zu: status %x", i, status);
	}
}

static void no_action(int sig)
{
	(void)sig;
}

/* What an application may hand down: descriptors, limits, signals, priority, umask. */
static void load_with_inheritance(void)
{
	struct rlimit small = {1 << 20, RLIM_INFINITY}, files = {16, 4096}, core = {RLIM_INFINITY, RLIM_INFINITY};
	struct sigaction ignore = {.sa_handler = SIG_IGN}, handled = {.sa_handler = no_action};
	sigset_t blocked;

	must(dup2(open("/etc", O_RDONLY | O_DIRECTORY), 9) == 9, "dup2");
	must(setrlimit(RLIMIT_FSIZE, &small) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0 &&
		     setrlimit(RLIMIT_CORE, &core) == 0,
	     "setrlimit");
	(void)sigaction(SIGTERM, &ignore, NULL);
	(void)sigaction(SIGCHLD, &ignore, NULL);
	(void)sigaction(SIGUSR1, &handled, NULL);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGALRM);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
	must(setpriority(PRIO_PROCESS, 0, 10) == 0, "setpriority");
	(void)umask(0);
}

static void read_proc(pid_t pid, const char *file, char *buf, size_t size)
{
	char path[64];
	scoped_fd fd = -EBADF;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	buf[n < 0 ? 0 : n] = '\0';
}

static void has(pid_t pid, const char *file, const char *line)
{
	char text[8192];

	read_proc(pid, file, text, sizeof(text));
	if (!strstr(text, line))
		fail_msg("no \"%s\" in %s: %s", line, file, text);
}

static uint64_t ignored(pid_t pid)
{
	char text[8192];
	const char *line;

	read_proc(pid, "status", text, sizeof(text));
	line = strstr(text, "SigIgn:");
	assert_non_null(line);
	return strtoull(line + 7, NULL, 16);
}

/* It has the umask once it has all the rest: the last step but one. */
static void await_hardened(pid_t pid)
{
	char text[8192] = "";

	for (int i = 0; i < 600 && !strstr(text, "Umask:\t0077"); i++) {
		crl_pause_ms(50);
		read_proc(pid, "status", text, sizeof(text));
	}
}

/* Root of a container without CAP_SYS_RESOURCE may not. */
static bool may_lower_oom_score(void)
{
	pid_t pid = fork();
	int status = 1;

	if (pid == 0) {
		int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

		_exit(write(fd, "-900", 4) == 4 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0;
}

/* keeps: helper/process/harden R3 R4 */
static void test_inheritance(void **state_)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), pair[2];
	char path[64];
	struct stat st;
	pid_t pid;

	(void)state_;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = start(&(struct start){.prepare = load_with_inheritance}, pair[1], null);
	await_hardened(pid);
	(void)snprintf(path, sizeof(path), "/proc/%d/fd/9", (int)pid);
	assert_int_equal(lstat(path, &st), -1);
	has(pid, "status", "Umask:\t0077");
	has(pid, "status", "SigBlk:\t0000000000000000");
	assert_int_equal(ignored(pid) & ~(UINT64_C(3) << 31), 1 << (SIGPIPE - 1)); /* 32 and 33 are the C library's */
	has(pid, "limits", "Max file size             unlimited");
	has(pid, "limits", "Max core file size        0                    0");
	has(pid, "limits", "Max open files            4096                 4096");
	has(pid, "limits", "Max stack size            8388608              unlimited");
	has(pid, "stat", " 20 0 1 "); /* priority, nice, threads */
	if (may_lower_oom_score())
		has(pid, "oom_score_adj", "-900");
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(pair[0]);
	close(pair[1]);
	close(null);
}

static int setup(void **state_)
{
	char exe[400];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *end;

	(void)state_;
	if (n <= 0 || !mkdtemp(dir))
		return -1;
	exe[n] = '\0';
	end = strstr(exe, "/tests/live/");
	if (!end)
		return -1;
	*end = '\0';
	(void)snprintf(helper, sizeof(helper), "%s/carrel-helper", exe);
	(void)snprintf(state, sizeof(state), "%s/state", dir);
	return access(helper, X_OK);
}

static int teardown(void **state_)
{
	char command[64];

	(void)state_;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_callers),  cmocka_unit_test(test_set_id_bit),
		cmocka_unit_test(test_wrong_requests), cmocka_unit_test(test_wrong_channels),
		cmocka_unit_test(test_a_lying_module), cmocka_unit_test(test_inheritance),
	};

	if (geteuid() != 0) {
		fprintf(stderr, "skipped: needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
