// SPDX-License-Identifier: Apache-2.0
/*
 * What the helper sheds of its caller's: started as by `chrt -i 0 ionice -c3 taskset -c 0` and with all else that a
 * process keeps across execve(2), looked at from outside when it waits for its request; in a control group that a user
 * can stop; and in a user's slice.
 *
 * Runs in: tests only, as root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "apply/limits/cgroup.h"
#include "base/clock.h"
#include "base/scope.h"

#define CHANNEL 3
#define LOOKS 600 /* of 50 ms */
#define A_USER "54321"
#define USERS_SLICE "user.slice"

static char helper[PATH_MAX];
static char keyring[40];
static char users[40], below[48], slice[64];

static void read_proc(const char *who, const char *file, char *buf, size_t size)
{
	char path[64];
	scoped_fd fd = -EBADF;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%s/%s", who, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	buf[n < 0 ? 0 : n] = '\0';
}

static bool is_listed(const char *key)
{
	scoped_free char *line = NULL;
	FILE *f = fopen("/proc/keys", "re");
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0)
		found = strstr(line, key) != NULL;
	if (f)
		(void)fclose(f);
	return found;
}

/* Written before, as pam_loginuid does it; false where this host has no audit system, or says that it never changes. */
static bool set_loginuid(const char *text)
{
	scoped_fd fd = open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static void load(void)
{
	const struct sched_param none = {0};
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (setpriority(PRIO_PROCESS, 0, 7) < 0 || sched_setscheduler(0, SCHED_IDLE | SCHED_RESET_ON_FORK, &none) < 0 ||
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)) < 0 ||
	    sched_setaffinity(0, sizeof(first), &first) < 0 || prctl(PR_SET_TIMERSLACK, 1000000000UL, 0, 0, 0) < 0 ||
	    personality(ADDR_NO_RANDOMIZE) < 0 || prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) < 0)
		_exit(98);
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, keyring, 0, 0, 0);
	(void)set_loginuid(A_USER);
}

static void load_power(void)
{
	cap_t caps = cap_get_proc();
	const cap_value_t one = CAP_NET_RAW;

	if (!caps || cap_set_flag(caps, CAP_INHERITABLE, 1, &one, CAP_SET) < 0 || cap_set_proc(caps) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, one, 0, 0) < 0)
		_exit(97);
}

static int cgroups = -EBADF; /* the root of cgroup v2 */

/* A group of a user's, as systemd makes them below user@UID.service; one of root's below it is theirs as well. */
static bool make_users_cgroup(void)
{
	return crl_cgroup_open_root("", &cgroups, NULL, NULL) == 0 && mkdirat(cgroups, users, 0755) == 0 &&
	       fchownat(cgroups, users, 54321, 54321, 0) == 0 && mkdirat(cgroups, below, 0755) == 0;
}

static void enter_cgroup(const char *name)
{
	scoped_fd fd = openat(cgroups, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || crl_cgroup_attach(fd, getpid()) < 0)
		_exit(96);
}

static bool is_blind;

/* It cannot read which group it is in: of one with so long a name as users can make Linux 6.1 tells nothing. */
static void blind(void)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)getpid());
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("/proc/self/mem", path, NULL, MS_BIND, NULL) < 0)
		_exit(95);
}

static pid_t start(int channel, const char *cgroup)
{
	const char *const argv[] = {"carrel-helper", "--config", "/nonexistent", "--state", "/nonexistent", NULL};
	union {
		const char *const *in;
		char *const *out;
	} words = {argv};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (cgroup) /* whose root may have the channel's place */
			enter_cgroup(cgroup);
		if (is_blind)
			blind();
		if (dup2(channel, CHANNEL) != CHANNEL || fcntl(CHANNEL, F_SETFD, 0) < 0)
			_exit(99);
		load();
		load_power();
		(void)umask(0);
		(void)execv(helper, words.out);
		_exit(99);
	}
	return pid;
}

static void has(const char *who, const char *file, const char *part)
{
	char text[8192];

	read_proc(who, file, text, sizeof(text));
	if (!strstr(text, part))
		fail_msg("%s has no \"%s\": %s", file, part, text);
}

/* Its umask comes after all that is looked at. */
static void await_shed(const char *who)
{
	char text[8192] = "";

	for (int i = 0; i < LOOKS && !strstr(text, "Umask:\t0077"); i++) {
		crl_pause_ms(50);
		read_proc(who, "status", text, sizeof(text));
	}
}

static void check_scheduling(pid_t pid, const char *who)
{
	cpu_set_t ours, its;
	int io = (int)syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid);

	assert_int_equal(sched_getscheduler(pid), SCHED_OTHER);
	assert_int_equal(getpriority(PRIO_PROCESS, (id_t)pid), 0);
	assert_true(io >= 0 && IOPRIO_PRIO_CLASS(io) != IOPRIO_CLASS_IDLE);
	assert_int_equal(sched_getaffinity(0, sizeof(ours), &ours), 0);
	assert_int_equal(sched_getaffinity(pid, sizeof(its), &its), 0);
	assert_true(CPU_EQUAL(&ours, &its));
	has(who, "timerslack_ns", "50000\n");
}

static void test_shed(void **state)
{
	char who[16];
	int pair[2];
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = start(pair[1], NULL);
	(void)snprintf(who, sizeof(who), "%d", (int)pid);
	await_shed(who);
	check_scheduling(pid, who);
	has(who, "personality", "00000000");
	has(who, "status", "CapInh:\t0000000000000000");
	has(who, "status", "CapAmb:\t0000000000000000");
	has(who, "status", "THP_enabled:\t1");
	if (access("/proc/self/loginuid", F_OK) == 0)
		has(who, "loginuid", "4294967295");
	for (int i = 0; i < LOOKS && is_listed(keyring); i++) /* it was the only one in it: the kernel collects it */
		crl_pause_ms(50);
	assert_false(is_listed(keyring));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static bool is_there_soon(pid_t pid, const char *path)
{
	char its[256] = "?";

	for (int i = 0; i < 100 && strcmp(its, path) != 0; i++) {
		crl_pause_ms(50);
		if (crl_cgroup_of(pid, its, sizeof(its)) < 0)
			(void)snprintf(its, sizeof(its), "?");
	}
	return strcmp(its, path) == 0;
}

static void leaves(const char *cgroup)
{
	char first[256], who[16];
	int pair[2];
	pid_t pid;

	assert_int_equal(crl_cgroup_of(1, first, sizeof(first)), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = start(pair[1], cgroup);
	(void)snprintf(who, sizeof(who), "%d", (int)pid);
	await_shed(who);
	assert_true(is_there_soon(pid, first));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* keeps: apply/limits/cgroup_leave R1 */
static void test_users_cgroup(void **state)
{
	(void)state;
	if (!make_users_cgroup())
		skip();
	leaves(users);
	leaves(below);
}

/* keeps: apply/limits/cgroup_leave R3 */
static void test_unknown_cgroup(void **state)
{
	(void)state;
	if (cgroups < 0)
		skip();
	is_blind = true;
	leaves(below);
	is_blind = false;
}

/* keeps: apply/limits/cgroup_leave R2 */
static void test_users_slice(void **state)
{
	(void)state;
	if (cgroups < 0 || (mkdirat(cgroups, USERS_SLICE, 0755) < 0 && errno != EEXIST) ||
	    mkdirat(cgroups, slice, 0755) < 0)
		skip();
	leaves(slice);
}

/* One of root's is as good as any: there it stays. */
static void test_roots_cgroup(void **state)
{
	char who[16], its[256];
	int pair[2];
	pid_t pid;

	(void)state;
	if (cgroups < 0 || fchownat(cgroups, users, 0, 0, 0) < 0)
		skip();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = start(pair[1], below);
	(void)snprintf(who, sizeof(who), "%d", (int)pid);
	await_shed(who);
	crl_pause_ms(200);
	assert_int_equal(crl_cgroup_of(pid, its, sizeof(its)), 0);
	assert_string_equal(its, below);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static int remove_cgroups(void **state)
{
	(void)state;
	for (int i = 0; i < LOOKS && cgroups >= 0 && unlinkat(cgroups, below, AT_REMOVEDIR) < 0 && errno == EBUSY; i++)
		crl_pause_ms(50);
	if (cgroups >= 0) {
		(void)unlinkat(cgroups, users, AT_REMOVEDIR);
		(void)unlinkat(cgroups, slice, AT_REMOVEDIR);
		(void)unlinkat(cgroups, USERS_SLICE, AT_REMOVEDIR); /* where it is systemd's, more is in there */
	}
	drop_fd(&cgroups);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_shed), cmocka_unit_test(test_users_cgroup),
					   cmocka_unit_test(test_unknown_cgroup), cmocka_unit_test(test_users_slice),
					   cmocka_unit_test(test_roots_cgroup)};
	char *tail;

	(void)argc;
	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: needs root\n");
		return 77;
	}
	(void)snprintf(keyring, sizeof(keyring), "carrel-shed-%d", (int)getpid());
	(void)snprintf(users, sizeof(users), "carrel-shed-%d", (int)getpid());
	(void)snprintf(below, sizeof(below), "%s/below", users);
	(void)snprintf(slice, sizeof(slice), USERS_SLICE "/carrel-shed-%d.slice", (int)getpid());
	if (!realpath(argv[0], helper))
		return 1;
	tail = strstr(helper, "/tests/live/");
	if (!tail)
		return 1;
	(void)snprintf(tail, sizeof(helper) - (size_t)(tail - helper), "/carrel-helper");
	return cmocka_run_group_tests(tests, NULL, remove_cgroups);
}
