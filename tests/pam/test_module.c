// SPDX-License-Identifier: Apache-2.0
/*
 * pam_carrel.so in a real libpam, beside a helper that is late, dead, lying or honest.
 *
 * Runs in: tests only, as root; changes nothing outside its own mount namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/scope.h"
#include "tests/pam/host.h"

#define TOLD(code) "carrel: this login was refused (code " code "). Please tell your administrator.\n"

#define CLOSED "close: user=pamuser uid=12345 room=stubroom login=stublogin: closed\n"

static void run(const struct scenario *s, struct outcome *out)
{
	host_run(s, out);
	assert_true(WIFEXITED(out->status) && WEXITSTATUS(out->status) == 0);
	if (host_stubs_left())
		fail_msg("%s: a helper is left", s->mode);
}

static void refuses(const struct scenario *s, const char *code, const char *log)
{
	char told[160], stage[32];
	struct outcome out;

	run(s, &out);
	(void)snprintf(told, sizeof(told), TOLD("%s"), code);
	(void)snprintf(stage, sizeof(stage), "stage=%s ", code);
	if (out.open != PAM_PERM_DENIED || strcmp(out.said, told) != 0 || !strstr(out.log, stage) ||
	    !strstr(out.log, log))
		fail_msg("%s: open %d, told: %s log: %s", s->mode, out.open, out.said, out.log);
	if (out.changed[0])
		fail_msg("%s: changed: %s log: %s", s->mode, out.changed, out.log);
	if (out.took_ms > 30000) /* hung, not slow: the timeout is one second */
		fail_msg("%s: took %ld ms", s->mode, out.took_ms);
}

/* One row for each misbehaviour: the caller is as before, the user knows the code, the log the reason. */
static const struct bad {
	const char *mode;
	const char *code;
	const char *log;
} bad_helpers[] = {
	{"dead", "HELPER", "ended without an answer"},
	{"halfway", "HELPER", "ended without an answer"},
	{"late", "HELPER", "no answer from the helper within 1 s"},
	{"refused", "MOUNT", "no such\\x0athing \\x1b[2J"},
	{"badrefusal", "HELPER", "not understood"},
	{"lookups-many", "HELPER", "more than 256 groups"},
	{"lookups-few", "RULE", "lookups are right"},
	{"lie-magic", "HELPER", "not understood"},
	{"lie-version", "HELPER", "another version"},
	{"lie-type", "HELPER", "not understood"},
	{"lie-wildtype", "HELPER", "not understood"},
	{"lie-length", "HELPER", "not understood"},
	{"lie-truncated", "HELPER", "not understood"},
	{"lie-filterlen", "HELPER", "not understood"},
	{"lie-filterlong", "HELPER", "not understood"},
	{"lie-unterminated", "HELPER", "not understood"},
	{"lie-flags", "HELPER", "not understood"},
	{"lie-reserved", "HELPER", "not understood"},
	{"lie-userns", "HELPER", "not understood"},
	{"lie-nofixup", "HELPER", "not understood"},
	{"lie-notice-long", "HELPER", "not understood"},
	{"lie-notice-escape", "HELPER", "not understood"},
	{"lie-notice-newline", "HELPER", "not understood"},
	{"lie-notice-eightbit", "HELPER", "not understood"},
	{"lie-grace", "HELPER", "not understood"},
	{"lie-nofd", "HELPER", "not understood"},
	{"lie-hiddenfd", "HELPER", "not understood"},
	{"lie-twofds", "HELPER", "not understood"},
	{"lie-eightfds", "HELPER", "not understood"},
	{"fd-file", "ADOPT", "EBADF"},
	{"fd-procdir", "ADOPT", "is no pidfd"},
	{"fd-nsfile", "ADOPT", "EBADF"},
	{"fd-caller", "ADOPT", "is the caller itself"},
	{"fd-host", "ADOPT", "is still the host's"},
	{"fd-corpse", "ADOPT", "ESRCH"},
	{"room-unconfirmed", "HELPER", "policy=stubpolicy"},
	{"room-dies", "HELPER", "ended without an answer"},
	{"room-outofturn", "HELPER", "not understood"},
	{"room-denies", "ADOPT", "not where it should be"},
};

/* keeps: door/talk R1, door/origin R1, pam_module/pam_carrel R1 */
static void a_bad_helper_leaves_the_caller_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad_helpers); i++) {
		const struct bad *b = &bad_helpers[i];

		refuses(&(struct scenario){.mode = b->mode}, b->code, b->log);
	}
}

/* Power that was cut stays cut; all else is as before. */
/* keeps: door/origin R2, door/adopt R1 */
static void a_failure_in_the_last_steps_comes_back_to_the_host(void **state)
{
	static const struct bad rows[] = {
		{"room-badsecurebits", "CAPS", "cannot set the securebits"},
		{"room-badfilter", "FILTER", "cannot load"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(rows); i++) {
		struct outcome out;

		run(&(struct scenario){.mode = rows[i].mode}, &out);
		if (out.open != PAM_PERM_DENIED || strcmp(out.changed, "status ") != 0 || !strstr(out.log, rows[i].log))
			fail_msg("%s: open %d, changed %s, log %s", rows[i].mode, out.open, out.changed, out.log);
	}
}

/* A kernel that says yes and does nothing, for one call: what was asked for is read back. */
static void pretend(unsigned int nr, bool any_first, unsigned int first)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, any_first ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = CRL_ARRAY_LEN(f), .filter = f};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		abort();
}

static void hold_powers(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		abort();
	data[0].inheritable = 1 << CAP_KILL | 1 << CAP_CHOWN;
	if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) < 0)
		abort();
}

static void pretend_bounding(void)
{
	pretend(SYS_prctl, false, PR_CAPBSET_DROP);
}

static void pretend_inheritable(void)
{
	hold_powers();
	pretend(SYS_capset, true, 0);
}

static void pretend_securebits(void)
{
	pretend(SYS_prctl, false, PR_SET_SECUREBITS);
}

static void pretend_no_new_privs(void)
{
	pretend(SYS_prctl, false, PR_SET_NO_NEW_PRIVS);
}

/* keeps: door/trim R1 */
static void what_was_set_is_read_back(void **state)
{
	static const struct {
		void (*prepare)(void);
		const char *log;
	} rows[] = {
		{pretend_bounding, "the bounding capabilities read back differ"},
		{pretend_inheritable, "the inheritable capabilities read back differ"},
		{pretend_securebits, "the securebits read back differ"},
		{pretend_no_new_privs, "the no_new_privs flags read back differ"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(rows); i++) {
		struct outcome out;

		run(&(struct scenario){.mode = "room", .prepare = rows[i].prepare}, &out);
		if (out.open != PAM_PERM_DENIED || !strstr(out.log, "stage=CAPS ") || !strstr(out.log, rows[i].log))
			fail_msg("open %d, wanted %s, log %s", out.open, rows[i].log, out.log);
	}
}

static void look_for_powers(pam_handle_t *pamh, struct outcome *out);

static void powers_that_were_held_are_cut(void **state)
{
	struct outcome out;

	(void)state;
	run(&(struct scenario){.mode = "room", .prepare = hold_powers, .inside = look_for_powers}, &out);
	assert_int_equal(out.open, PAM_SUCCESS);
	assert_string_equal(out.inside, "");
}

static void a_missing_helper_is_named(void **state)
{
	(void)state;
	refuses(&(struct scenario){.mode = "x", .args = "helper=/nonexistent/helper"}, "HELPER",
		"errno=ENOENT: cannot execute /nonexistent/helper");
	refuses(&(struct scenario){.mode = "x", .args = "helper=/etc/passwd"}, "HELPER", "errno=EACCES");
}

static void bad_arguments_refuse(void **state)
{
	static const char *const bad[] = {"nonsense",    "config=relative", "helper=",     "timeout=0",
					  "timeout=601", "timeout=1x",      "timeout=",    "open=1",
					  "debug=",      "config",          "break_glass="};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		refuses(&(struct scenario){.mode = "room", .args = bad[i]}, "ARGS", bad[i]);
}

static void odd_users_are_refused(void **state)
{
	(void)state;
	refuses(&(struct scenario){.mode = "room", .user = "nobody-here\n"}, "REQUEST", "user=nobody-here\\x0a uid=?");
	refuses(&(struct scenario){.mode = "room", .user = "x uid=0 \"a\\"}, "REQUEST",
		"refused: user=x\\x20uid\\x3d0\\x20\\x22a\\x5c uid=? service=carreltest ");
	refuses(&(struct scenario){.mode = "room", .user = "manyuser"}, "REQUEST", "more than 1024 groups");
	refuses(&(struct scenario){.mode = "room", .user = "dothome"}, "REQUEST", "home is not an absolute path");
}

static void drop_root(void)
{
	if (setresgid(12345, 12345, 12345) < 0 || setresuid(12345, 12345, 12345) < 0)
		abort();
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

static void start_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, idle, NULL) != 0)
		abort();
}

static void hold_directory_as_stdin(void)
{
	int fd = open("/etc", O_RDONLY | O_DIRECTORY);

	if (fd < 0 || dup2(fd, 0) < 0)
		abort();
	close(fd);
}

static void wrong_callers_are_refused(void **state)
{
	(void)state;
	refuses(&(struct scenario){.mode = "room", .prepare = drop_root}, "CALLER", "does not run as root");
	refuses(&(struct scenario){.mode = "room", .prepare = start_thread}, "CALLER", "has 2 threads");
	refuses(&(struct scenario){.mode = "room", .prepare = hold_directory_as_stdin}, "CALLER", "descriptor 0 is");
}

static void wrong(struct outcome *out, const char *what)
{
	size_t at = strlen(out->inside);

	(void)snprintf(out->inside + at, sizeof(out->inside) - at, "%s; ", what);
}

static void look_for_powers(pam_handle_t *pamh, struct outcome *out)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	(void)pamh;
	if (syscall(SYS_capget, &header, data) < 0 || data[0].inheritable || data[1].inheritable)
		wrong(out, "inheritable capabilities are left");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) != 0)
		wrong(out, "an ambient capability is left");
}

static int marker_says_room(void)
{
	struct stat st;

	return stat("/run/carrel-room", &st) == 0;
}

static void look_inside(pam_handle_t *pamh, struct outcome *out)
{
	struct utsname u;
	char cwd[128];
	int status = 0;
	pid_t child;

	if (uname(&u) < 0 || strcmp(u.nodename, "stubroom") != 0 || !marker_says_room())
		wrong(out, "namespaces");
	if (!getcwd(cwd, sizeof(cwd)) || strcmp(cwd, host_dir()) != 0)
		wrong(out, "cwd");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER)
		wrong(out, "no_new_privs or seccomp");
	if (prctl(PR_CAPBSET_READ, 0) != 1 || prctl(PR_CAPBSET_READ, 1) != 0 || prctl(PR_CAPBSET_READ, 40) != 0)
		wrong(out, "bounding set");
	if (prctl(PR_GET_SECUREBITS) != 195)
		wrong(out, "securebits");
	if (syscall(SYS_kexec_load, 0, 0, NULL, 0) == 0 || errno != EPERM)
		wrong(out, "filter");
	if (pam_getenv(pamh, "XDG_RUNTIME_DIR") || pam_getenv(pamh, "DBUS_SESSION_BUS_ADDRESS"))
		wrong(out, "environment");
	(void)signal(SIGCHLD, SIG_DFL);
	child = fork();
	if (child == 0)
		_exit(getpid() == 1 || getpid() > 100 ? 1 : 0);
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		wrong(out, "a child is not in the PID namespace");
}

static void lets_in(const struct scenario *s, struct outcome *out)
{
	run(s, out);
	if (out->open != PAM_SUCCESS || out->close != PAM_SUCCESS || out->inside[0] || out->said[0])
		fail_msg("%s: open %d close %d inside: %s told: %s log: %s", s->mode, out->open, out->close,
			 out->inside, out->said, out->log);
}

/* What a login changes for good: the caller's own power, and here the test's SIGCHLD handler. */
/* keeps: door/spawn R2 */
static void an_honest_room_is_entered_and_left(void **state)
{
	struct outcome out;

	(void)state;
	lets_in(&(struct scenario){.mode = "room", .args = "debug", .inside = look_inside}, &out);
	assert_string_equal(out.changed, "signals status ");
	assert_non_null(strstr(out.log, "<6>pam_carrel(carreltest:session): opened: user=pamuser uid=12345 "
					"policy=stubpolicy room=stubroom login=stublogin"));
	assert_non_null(strstr(out.log, CLOSED));
	assert_true(out.took_ms < 4900); /* the close was answered, and not given up */
}

static void a_room_without_namespaces_works(void **state)
{
	struct outcome out;

	(void)state;
	lets_in(&(struct scenario){.mode = "room-nomask"}, &out);
	assert_string_equal(out.changed, "status ");
}

static void play_su(void)
{
	if (setresgid(12345, 12345, 0) < 0 || setgroups(1, (gid_t[]){12350}) < 0 || setresuid(12345, 0, 0) < 0)
		abort();
	if (prctl(PR_SET_DUMPABLE, 1) < 0)
		abort();
}

static void close_stdio(void)
{
	close(0);
	close(1);
	close(2);
}

static void ignore_children(void)
{
	(void)signal(SIGCHLD, SIG_IGN);
}

/* Whoever has no standard descriptors may open a file, and must not write into our socket instead. */
static void look_at_stdio(pam_handle_t *pamh, struct outcome *out)
{
	(void)pamh;
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
			wrong(out, "the socket is a standard descriptor");
	}
}

/* keeps: door/spawn R1 */
static void unusual_callers_are_let_in(void **state)
{
	static void (*const callers[])(void) = {play_su, close_stdio, ignore_children};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(callers); i++) {
		struct outcome out;

		lets_in(&(struct scenario){.mode = "room", .prepare = callers[i], .inside = look_at_stdio}, &out);
		if (strcmp(out.changed, "status ") != 0)
			fail_msg("caller %zu: changed: %s log: %s", i, out.changed, out.log);
	}
}

static void on_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave = -1;

	if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0)
		slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave < 0 || dup2(slave, 0) < 0 || dup2(slave, 1) < 0)
		abort();
	close(slave);
}

static void elsewhere(int fd)
{
	on_terminal();
	close(fd);
	if (open("/dev/null", O_RDWR) != fd)
		abort();
}

static void output_elsewhere(void)
{
	elsewhere(1);
}

static void input_elsewhere(void)
{
	elsewhere(0);
}

/* The stub tells what it was told of the terminal; a helper that sends a line in any case is not believed. */
static void the_user_is_told_where_he_can_see_it(void **state)
{
	static const struct {
		struct scenario s;
		const char *said;
	} rows[] = {
		{{.mode = "room-notice", .prepare = on_terminal}, "carrel: shows=1\n"},
		{{.mode = "room-notice", .prepare = on_terminal, .flags = PAM_SILENT}, ""},
		{{.mode = "room-notice", .prepare = output_elsewhere}, ""},
		{{.mode = "room-notice", .prepare = input_elsewhere}, ""},
		{{.mode = "room-notice", .prepare = close_stdio}, ""},
		{{.mode = "room-notice", .tty = "ssh", .prepare = close_stdio}, "carrel: shows=2\n"},
		{{.mode = "room-notice", .tty = "ssh", .flags = PAM_SILENT}, ""},
		{{.mode = "room", .tty = "ssh"}, ""},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(rows); i++) {
		struct outcome out;

		run(&rows[i].s, &out);
		if (out.open != PAM_SUCCESS || strcmp(out.said, rows[i].said) != 0)
			fail_msg("row %zu: open %d, told: %s log: %s", i, out.open, out.said, out.log);
	}
}

static int held;

static void hold_directory(void)
{
	held = open("/etc", O_RDONLY | O_DIRECTORY);
	if (held < 0 || open("/etc/passwd", O_PATH) != held + 1)
		abort();
}

static void look_at_descriptors(pam_handle_t *pamh, struct outcome *out)
{
	(void)pamh;
	if (fcntl(held, F_GETFD) != FD_CLOEXEC || fcntl(held + 1, F_GETFD) != FD_CLOEXEC)
		wrong(out, "directories of the host survive an exec");
	if (fcntl(3, F_GETFD) == FD_CLOEXEC)
		wrong(out, "an ordinary descriptor was sealed");
}

/* keeps: pam_module/caller R1 */
static void directories_of_the_host_are_sealed(void **state)
{
	struct outcome out;

	(void)state;
	lets_in(&(struct scenario){.mode = "room", .prepare = hold_directory, .inside = look_at_descriptors}, &out);
	refuses(&(struct scenario){.mode = "room-denies", .prepare = hold_directory}, "ADOPT", "not where");
}

static void exempt(const struct scenario *s, const char *log)
{
	struct outcome out;

	lets_in(s, &out);
	if (out.changed[0] || !strstr(out.log, log))
		fail_msg("%s: changed: %s log: %s", s->user ? s->user : "pamuser", out.changed, out.log);
}

static void root_and_break_glass_pass_loudly(void **state)
{
	(void)state;
	exempt(&(struct scenario){.mode = "dead", .user = "root", .rhost = "192.0.2.1"},
	       "<1>pam_carrel(carreltest:session): passed: user=root uid=0: root login passes without a room "
	       "(documented exemption)");
	/* Root's own cron jobs, su and sudo wake nobody. */
	exempt(&(struct scenario){.mode = "dead", .user = "root"},
	       "<5>pam_carrel(carreltest:session): passed: user=root uid=0: ");
	exempt(&(struct scenario){.mode = "dead", .user = "root", .rhost = ""}, "<5>pam_carrel");
	exempt(&(struct scenario){.mode = "dead", .user = "wardenuser"}, "<1>");
	exempt(&(struct scenario){.mode = "dead", .user = "glassuser", .args = "break_glass=glass"}, "<1>");
	exempt(&(struct scenario){.mode = "dead", .user = "root", .args = "nonsense"}, "others would be refused");
	refuses(&(struct scenario){.mode = "dead", .user = "glassuser"}, "HELPER", "ended");
	refuses(&(struct scenario){.mode = "dead", .args = "break_glass=nosuchgroup"}, "HELPER", "ended");
}

/* A /run of the test's own, with that marker or none; the applications of the test live in the same mount namespace. */
static void cover_run(const char *marker, mode_t mode, uid_t owner)
{
	int fd;

	if (mount("none", "/run", "tmpfs", 0, "mode=0755") < 0)
		abort();
	if (!marker)
		return;
	fd = open("/run/carrel-room", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, marker, strlen(marker)) < 0 || fchown(fd, owner, 0) < 0 || fchmod(fd, mode) < 0)
		abort();
	close(fd);
}

static void uncover_run(void)
{
	if (umount2("/run", MNT_DETACH) < 0)
		abort();
}

static void in_another_namespace(void)
{
	if (unshare(CLONE_NEWNS) < 0)
		abort();
}

static void children_elsewhere(void)
{
	if (unshare(CLONE_NEWPID) < 0)
		abort();
}

static void without_proc(void)
{
	if (unshare(CLONE_NEWNS) < 0 || umount2("/proc", MNT_DETACH) < 0)
		abort();
}

static void no_new_power(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		abort();
}

/* Executed in this mount namespace, member of its /proc, children where it is itself: it lives in the room. */
static void a_room_in_a_room_is_not_made(void **state)
{
	(void)state;
	cover_run("abcd\nuid=12345\n", 0444, 0);
	exempt(&(struct scenario){.mode = "dead"},
	       "<6>pam_carrel(carreltest:session): passed: user=pamuser uid=12345 room=abcd "
	       "owner=12345: the caller is in a room already and stays there\n");
	exempt(&(struct scenario){.mode = "dead", .prepare = no_new_power},
	       "owner=12345: the caller is in a room already");
	uncover_run();
	/* What is no file of root's alone is no marker. */
	cover_run("abcd\nuid=12345\n", 0644, 12345);
	refuses(&(struct scenario){.mode = "dead"}, "HELPER", "ended");
	uncover_run();
	cover_run("abcd\nuid=12345\n", 0666, 0);
	refuses(&(struct scenario){.mode = "dead"}, "HELPER", "ended");
	uncover_run();
}

static void another_user_in_a_room_is_never_silent(void **state)
{
	static const char *const markers[] = {"abcd\nuid=7\n", "abcd\n", "abcd\nuid=\n", "abcd\nuid=12345",
					      "abcd\nuid=-1\n"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(markers); i++) {
		cover_run(markers[i], 0444, 0);
		exempt(&(struct scenario){.mode = "dead"},
		       i == 0 ? "<4>pam_carrel(carreltest:session): passed: user=pamuser "
				"uid=12345 room=abcd owner=7: the caller is in another user's room, whose policy "
				"leaves power"
			      : "owner=?: the caller is in another user's room");
		refuses(&(struct scenario){.mode = "dead", .prepare = no_new_power}, "CALLER",
			"in another user's room (abcd), whose policy lets nobody become another user");
		uncover_run();
	}
}

/* Whoever has joined a room holds it: the marker is there, but the process was neither born nor executed inside. */
/* keeps: pam_module/place R1 */
static void a_holder_of_a_room_is_refused(void **state)
{
	static void (*const ways[])(void) = {in_another_namespace, children_elsewhere, without_proc};
	static const char *const users[] = {"pamuser", "root", "wardenuser"};

	(void)state;
	cover_run("abcd\nuid=12345\n", 0444, 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(ways); i++)
		for (size_t j = 0; j < CRL_ARRAY_LEN(users); j++)
			refuses(&(struct scenario){.mode = "dead", .user = users[j], .prepare = ways[i]}, "CALLER",
				"this process holds the room of another login (abcd)");
	uncover_run();
	/* A room without mounts of its own has no marker. */
	refuses(&(struct scenario){.mode = "dead", .prepare = children_elsewhere}, "CALLER",
		"this process holds the room of another login (it has joined other namespaces)");
}

static void open_again(pam_handle_t *pamh, struct outcome *out)
{
	if (pam_open_session(pamh, 0) != PAM_SUCCESS)
		wrong(out, "second open");
}

/* As often as it was opened it has to be closed: in between nobody is on the host who counts on a room. */
static void close_once(pam_handle_t *pamh, struct outcome *out)
{
	open_again(pamh, out);
	if (pam_close_session(pamh, 0) != PAM_SUCCESS || !marker_says_room())
		wrong(out, "the first of two closes ended the room");
}

static void a_line_listed_twice_opens_once(void **state)
{
	struct outcome out;

	(void)state;
	lets_in(&(struct scenario){.mode = "room",
				   .args = "debug",
				   .stack = "session requisite @\nsession requisite @\n"},
		&out);
	assert_non_null(strstr(out.log, "<4>pam_carrel(carreltest:session): passed: user=pamuser uid=12345: "
					"pam_carrel.so opens twice"));
	assert_null(strstr(out.changed, "namespaces"));
	lets_in(&(struct scenario){.mode = "room", .args = "debug", .inside = close_once}, &out);
	assert_non_null(strstr(out.log,
			       "<5>pam_carrel(carreltest:session): close: user=pamuser uid=12345 room=stubroom "
			       "login=stublogin: it was opened more than once"));
	assert_non_null(strstr(out.log, CLOSED));
}

static void is_refused(pam_handle_t *pamh, struct outcome *out, const char *what)
{
	if (pam_open_session(pamh, PAM_SILENT) != PAM_PERM_DENIED)
		wrong(out, what);
}

static void open_for_another(pam_handle_t *pamh, struct outcome *out)
{
	static const char *const users[] = {"glassuser", "root"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(users); i++) {
		pam_handle_t *second = host_start(out, users[i]);

		is_refused(second, out, "a second handle");
		(void)pam_end(second, PAM_PERM_DENIED);
		if (pam_set_item(pamh, PAM_USER, users[i]) != PAM_SUCCESS)
			wrong(out, "no such item");
		is_refused(pamh, out, "another user on the same handle");
	}
	(void)pam_set_item(pamh, PAM_USER, "pamuser");
	if (!marker_says_room())
		wrong(out, "the first login has lost its room");
}

static void open_for_the_same(pam_handle_t *pamh, struct outcome *out)
{
	pam_handle_t *second = host_start(out, "pamuser");

	(void)pamh;
	is_refused(second, out, "a second handle of the same user");
	(void)pam_end(second, PAM_PERM_DENIED);
}

static size_t times(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

static void a_process_with_a_login_is_refused_for_another(void **state)
{
	struct outcome out;

	(void)state;
	run(&(struct scenario){.mode = "room", .args = "debug", .inside = open_for_another}, &out);
	assert_string_equal(out.inside,
			    ""); /* what close returns is libpam's answer to the refusals on the same handle */
	assert_int_equal(
		times(out.log, "stage=CALLER errno=EBUSY: this process holds the room of another login (stubroom)"), 4);
	assert_non_null(strstr(out.log, CLOSED));
	lets_in(&(struct scenario){.mode = "room", .args = "debug", .inside = open_for_the_same}, &out);
	assert_int_equal(times(out.log, "this process holds the room of another login (stubroom)"), 1);
}

static void open_after_close(pam_handle_t *pamh, struct outcome *out)
{
	pam_handle_t *second = host_start(out, "glassuser");

	is_refused(pamh, out, "the same handle again");
	is_refused(second, out, "another handle");
	(void)pam_end(second, PAM_PERM_DENIED);
}

/* What was given up is given up: said at once, and not by whatever the helper then fails with. */
static void a_second_login_after_the_first_is_refused_at_once(void **state)
{
	struct outcome out;

	(void)state;
	lets_in(&(struct scenario){.mode = "room", .args = "debug", .after = open_after_close}, &out);
	assert_int_equal(times(out.log,
			       "stage=CALLER errno=EPERM: this process had a room before and has given up its power "
			       "(capability 1)"),
			 2);
	assert_int_equal(times(out.log, "stage=HELPER"), 0);
}

/* A service whose filter takes the calls away that a room needs, as RestrictNamespaces= does. */
static void refuse_unshare(void)
{
	const struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = CRL_ARRAY_LEN(f), .filter = crl_unconst(f)};

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		abort();
}

static void a_filter_that_lets_no_room_be_made_is_named(void **state)
{
	(void)state;
	refuses(&(struct scenario){.mode = "room", .prepare = refuse_unshare}, "CALLER",
		"filter that lets no room be made");
}

static void go_where_the_room_has_nothing(void)
{
	if (mkdir("/run/spool", 0700) < 0 || chdir("/run/spool") < 0)
		abort();
}

static void look_at_home(pam_handle_t *pamh, struct outcome *out)
{
	char cwd[256], home[128];

	(void)pamh;
	(void)snprintf(home, sizeof(home), "%s/home", host_dir());
	if (!getcwd(cwd, sizeof(cwd)) || strcmp(cwd, home) != 0)
		wrong(out, "cwd");
}

static void go_to_spot(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/spot", host_dir());
	if (mkdir(path, 0755) < 0 || chdir(path) < 0)
		abort();
}

/* What its owner does meanwhile with a directory that lies in his reach. */
static void put_link_in_its_place(pam_handle_t *pamh, struct outcome *out)
{
	char path[128], moved[128];

	(void)pamh;
	(void)snprintf(path, sizeof(path), "%s/spot", host_dir());
	(void)snprintf(moved, sizeof(moved), "%s/moved", host_dir());
	if (rename(path, moved) < 0 || symlink("/etc", path) < 0)
		wrong(out, "cannot plant a link");
}

/* keeps: pam_module/session R2 */
static void the_application_comes_back_to_its_directory(void **state)
{
	struct outcome out;

	(void)state;
	cover_run(NULL, 0, 0);
	lets_in(&(struct scenario){.mode = "room", .prepare = go_where_the_room_has_nothing, .inside = look_at_home},
		&out);
	uncover_run();
	assert_string_equal(out.cwd, "/run/spool");
	assert_string_equal(out.changed, "status ");
	lets_in(&(struct scenario){.mode = "room", .prepare = go_to_spot, .inside = put_link_in_its_place}, &out);
	assert_string_equal(out.cwd, "/");
}

static void hide_namespaces(void)
{
	if (mount("none", "/proc/self/ns", "tmpfs", 0, NULL) < 0)
		abort();
}

/* A failure of the module's own, which no helper can know of unless it is told. */
static void a_helper_that_is_not_needed_may_undo(void **state)
{
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/state.undone", host_dir());
	refuses(&(struct scenario){.mode = "room-undone", .prepare = hide_namespaces}, "ADOPT",
		"cannot open the mount namespace of the host");
	if (unlink(path) < 0)
		fail_msg("the helper was killed before it knew");
}

static void two_lines_share_the_work(void **state)
{
	struct outcome out;

	(void)state;
	lets_in(&(struct scenario){.mode = "room",
				   .inside = look_inside,
				   .stack = "session optional @ close debug\nsession required pam_permit.so\n"
					    "session requisite @ open debug\n"},
		&out);
	assert_non_null(strstr(out.log, CLOSED));
	assert_null(strstr(strstr(out.log, "opened:") + 1, "opened:"));
	/* The open line alone never closes, the close line alone never opens and isolates nobody. */
	lets_in(&(struct scenario){.mode = "room-noclose", .args = "open"}, &out);
	assert_null(strstr(out.log, "close:"));
	run(&(struct scenario){.mode = "room", .args = "close"}, &out);
	assert_int_not_equal(out.open, PAM_SUCCESS);
	assert_string_equal(out.log, "");
}

static void children_end_their_handles(pam_handle_t *pamh, struct outcome *out)
{
	int status;
	pid_t pid;

	(void)signal(SIGCHLD, SIG_DFL);
	for (int closes = 0; closes < 2; closes++) {
		pid = fork();
		if (pid == 0) {
			if (closes)
				(void)pam_close_session(pamh, 0);
			(void)pam_end(pamh, PAM_SUCCESS | PAM_DATA_SILENT);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			wrong(out, "no child");
	}
	pid = fork(); /* ENOMEM when the room's init is dead */
	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		wrong(out, "a child ended the room");
}

/* keeps: pam_module/session R1 */
static void a_forked_child_does_not_end_the_room(void **state)
{
	struct outcome out;

	(void)state;
	lets_in(&(struct scenario){.mode = "room", .args = "debug", .inside = children_end_their_handles}, &out);
	assert_non_null(strstr(out.log, "not this process's to close"));
	assert_non_null(strstr(out.log, CLOSED));
}

static void use_the_number_again(pam_handle_t *pamh, struct outcome *out)
{
	(void)pamh;
	(void)out;
	for (int fd = 4; fd < 64; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) && dup2(3, fd) != fd)
			abort();
	}
}

static void a_reused_descriptor_is_left_alone(void **state)
{
	struct outcome out;

	(void)state;
	/* Without close() the room ends with the caller: the stub's init hangs on it only in the real helper. */
	host_run(&(struct scenario){.mode = "room", .args = "debug", .inside = use_the_number_again}, &out);
	assert_int_equal(out.close, PAM_SUCCESS);
	assert_non_null(strstr(out.log, "not this process's to close"));
	assert_non_null(strstr(out.changed, "fds")); /* ours is there still, as the application's */
}

static void a_silent_supervisor_does_not_hold_the_close(void **state)
{
	struct outcome out;

	(void)state;
	host_run(&(struct scenario){.mode = "room-noclose"}, &out);
	assert_int_equal(out.close, PAM_SUCCESS);
	assert_true(out.took_ms >= 5900 && out.took_ms < 30000); /* beyond the time that the room's programs have */
	assert_non_null(strstr(out.log, "<4>"));
}

static int setup(void **state)
{
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	host_teardown();
	return 0;
}

/* Into a mount namespace of the tests' own, and executed there: so is a program that lives in a room. */
static int enter_namespace(char **argv)
{
	char again[] = "again", *args[] = {argv[0], argv[1], again, NULL};

	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return execv(argv[0], args);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bad_helper_leaves_the_caller_as_it_was),
		cmocka_unit_test(a_failure_in_the_last_steps_comes_back_to_the_host),
		cmocka_unit_test(what_was_set_is_read_back),
		cmocka_unit_test(powers_that_were_held_are_cut),
		cmocka_unit_test(a_missing_helper_is_named),
		cmocka_unit_test(bad_arguments_refuse),
		cmocka_unit_test(odd_users_are_refused),
		cmocka_unit_test(wrong_callers_are_refused),
		cmocka_unit_test(an_honest_room_is_entered_and_left),
		cmocka_unit_test(a_room_without_namespaces_works),
		cmocka_unit_test(unusual_callers_are_let_in),
		cmocka_unit_test(directories_of_the_host_are_sealed),
		cmocka_unit_test(root_and_break_glass_pass_loudly),
		cmocka_unit_test(a_room_in_a_room_is_not_made),
		cmocka_unit_test(another_user_in_a_room_is_never_silent),
		cmocka_unit_test(a_holder_of_a_room_is_refused),
		cmocka_unit_test(a_process_with_a_login_is_refused_for_another),
		cmocka_unit_test(a_second_login_after_the_first_is_refused_at_once),
		cmocka_unit_test(a_filter_that_lets_no_room_be_made_is_named),
		cmocka_unit_test(the_application_comes_back_to_its_directory),
		cmocka_unit_test(a_helper_that_is_not_needed_may_undo),
		cmocka_unit_test(a_line_listed_twice_opens_once),
		cmocka_unit_test(two_lines_share_the_work),
		cmocka_unit_test(the_user_is_told_where_he_can_see_it),
		cmocka_unit_test(a_forked_child_does_not_end_the_room),
		cmocka_unit_test(a_reused_descriptor_is_left_alone),
		cmocka_unit_test(a_silent_supervisor_does_not_hold_the_close),
	};

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: test_module BUILD_DIRECTORY\n");
		return 2;
	}
	if (geteuid() != 0) {
		fprintf(stderr, "skipped: needs root\n");
		return 77;
	}
	if (argc == 2 && enter_namespace(argv) < 0) {
		perror("test_module");
		return 1;
	}
	host_setup(argv[1]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
