// SPDX-License-Identifier: Apache-2.0
/*
 * A worker is its user and has nothing else, whatever it says is taken by its form, and it can be stopped.
 * Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "ctl/command.h"
#include "ctl/home/worker.h"
#include "wire/login.h"

#define UID 54321
#define GID 54322
#define SECRET "/root/.carrel-test-worker"
#define PLACE "/tmp/carrel-test-worker"

enum { SAID = 1 };

static const struct ctl ctl = {.command = "test"};
static const struct crl_login login = {.uid = UID, .gid = GID, .ngroups = 1, .groups = {54323}, .user = "worker"};

/* What came of it. */
static struct {
	char text[4096];
	int records;
} heard;

static bool programs; /* the worker starts some */
static bool sealed;

static int take(void *arg, uint32_t kind, const char *data, size_t len)
{
	(void)arg;
	if (kind != SAID || len >= sizeof(heard.text))
		return -EBADMSG;
	memcpy(heard.text, data, len + 1);
	heard.records++;
	return 0;
}

static int work_fd(int (*run)(struct ctl_worker *w, void *arg, struct crl_err *err), int fd, struct crl_err *err)
{
	const struct ctl_task work = {.login = &login,
				      .doing = "testing",
				      .unit = "steps",
				      .fd = &fd,
				      .fds = 1,
				      .programs = programs,
				      .sealed = sealed,
				      .run = run,
				      .take = take,
				      .arg = &fd};

	memset(&heard, 0, sizeof(heard));
	return ctl_worker_run(&ctl, &work, err);
}

static int say(struct ctl_worker *w, const char *text)
{
	return ctl_worker_send(w, SAID, &(struct iovec){crl_unconst(text), strlen(text)}, 1);
}

/* One line of /proc/self/status. */
static void status_line(const char *key, char *ret, size_t size)
{
	char text[8192], *at;

	(void)snprintf(ret, size, "none");
	if (crl_file_read(AT_FDCWD, "/proc/self/status", text, sizeof(text)) < 0)
		return;
	at = strstr(text, key);
	if (at)
		(void)snprintf(ret, size, "%.*s", (int)strcspn(at, "\n"), at);
}

/* keeps: ctl/home/worker R1 */
static int tell_power(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	char text[2048], line[7][128];
	static const char *const key[] = {
		"\nUid:", "\nGid:", "\nGroups:", "CapPrm:", "CapEff:", "CapInh:", "NoNewPrivs:"};
	struct rlimit files;
	uid_t r, e, s;

	(void)arg;
	(void)err;
	for (size_t i = 0; i < CRL_ARRAY_LEN(key); i++)
		status_line(key[i] + (key[i][0] == '\n'), line[i], sizeof(line[i]));
	(void)getresuid(&r, &e, &s);
	(void)getrlimit(RLIMIT_NOFILE, &files);
	(void)snprintf(text, sizeof(text),
		       "uid=%u,%u,%u groups=%d dumpable=%d %s %s %s %s secret=%d setuid=%d tty=%d env=%d files=%lu", r,
		       e, s, getgroups(0, NULL), prctl(PR_GET_DUMPABLE), line[3], line[4], line[5], line[6],
		       open(SECRET, O_RDONLY | O_CLOEXEC) >= 0, setuid(0) == 0,
		       open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0, getenv("PATH") != NULL,
		       files.rlim_cur == files.rlim_max ? 1UL : 0UL);
	return say(w, text);
}

static void is_its_user_and_no_more(void **state)
{
	struct crl_err err = {0};
	int secret = open(SECRET, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	struct rlimit files;

	(void)state;
	assert_true(secret >= 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	programs = true;
	assert_int_equal(work_fd(tell_power, -EBADF, &err), 0);
	(void)close(secret);
	programs = false;
	(void)unlink(SECRET);
	assert_string_equal(
		heard.text,
		"uid=54321,54321,54321 groups=1 dumpable=0 CapPrm:\t0000000000000000 CapEff:\t0000000000000000 "
		"CapInh:\t0000000000000000 NoNewPrivs:\t1 secret=0 setuid=0 tty=0 env=0 files=1");
}

/* keeps: ctl/home/worker R1 */
static int tell_reach(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	char text[256];

	(void)err;
	(void)snprintf(text, sizeof(text), "uid=%d beneath=%d elsewhere=%d made=%d program=%d child=%d",
		       getuid() == UID, openat(*(int *)arg, "passwd", O_RDONLY | O_CLOEXEC) >= 0,
		       open("/usr/bin/diff", O_RDONLY | O_CLOEXEC) >= 0,
		       openat(*(int *)arg, "new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0,
		       execl("/usr/bin/true", "true", NULL) < 0 && errno == EPERM ? 0 : 1, fork() >= 0);
	return say(w, text);
}

static void reaches_what_is_named(void **state)
{
	struct crl_err err = {0};
	int kept = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(work_fd(tell_reach, kept, &err), 0);
	assert_string_equal(heard.text, "uid=1 beneath=1 elsewhere=0 made=0 program=0 child=0");
	(void)close(kept);
}

/* keeps: ctl/home/worker R3 */
static int tell_writing(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	char text[256];

	(void)arg;
	(void)err;
	(void)snprintf(text, sizeof(text), "made=%d mode=%d",
		       open(PLACE "/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0, chmod(PLACE, 0755) == 0);
	return say(w, text);
}

static void sealed_it_changes_nothing(void **state)
{
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(mkdir(PLACE, 0700), 0);
	assert_int_equal(chown(PLACE, UID, GID), 0);
	programs = sealed = true;
	assert_int_equal(work_fd(tell_writing, -EBADF, &err), 0);
	sealed = false;
	assert_string_equal(heard.text, "made=0 mode=0");
	assert_int_equal(work_fd(tell_writing, -EBADF, &err), 0);
	programs = false;
	assert_string_equal(heard.text, "made=1 mode=1"); /* it could, else */
	(void)unlink(PLACE "/new");
	(void)rmdir(PLACE);
}

/* The way out is the only pipe. */
static int find_out(void)
{
	struct stat st;

	for (int fd = 3; fd < 1024; fd++)
		if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
			return fd;
	return -1;
}

/* keeps: ctl/home/worker R1 */
static int tell_fds(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	char text[256];
	size_t n = 0;

	(void)err;
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0 && fd > 2)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s ",
					      fd == find_out()    ? "out"
					      : fd == *(int *)arg ? "kept"
								  : "other");
	return say(w, text);
}

static void keeps_what_is_named(void **state)
{
	struct crl_err err = {0};
	int secret = open("/etc/passwd", O_RDONLY | O_CLOEXEC), kept = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int other = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_int_equal(work_fd(tell_fds, kept, &err), 0);
	assert_true(strcmp(heard.text, "out kept ") == 0 || strcmp(heard.text, "kept out ") == 0);
	(void)close(secret);
	(void)close(kept);
	(void)close(other);
}

static int fail_in_words(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	(void)w;
	(void)arg;
	return crl_err_set(err, ENOSPC, CRL_STAGE_HOME, "no space for it");
}

static int fail_silently(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	(void)w;
	(void)arg;
	(void)err;
	return -ENOSPC;
}

static void errors_come_whole(void **state)
{
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(work_fd(fail_in_words, -EBADF, &err), -ENOSPC);
	assert_string_equal(err.text, "no space for it");
	assert_int_equal(work_fd(fail_silently, -EBADF, &err), -ENOSPC);
	assert_string_equal(err.text, strerrordesc_np(ENOSPC));
}

static int die(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	(void)w;
	(void)arg;
	(void)err;
	raise(SIGKILL);
	return 0;
}

static void a_death_is_told(void **state)
{
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(work_fd(die, -EBADF, &err), -ECHILD);
	assert_string_equal(err.text, "the worker died (signal 9); run it again to go on");
}

/* keeps: ctl/home/worker R2 */
static int say_unknown(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	(void)arg;
	(void)err;
	return ctl_worker_send(w, SAID + 1, &(struct iovec){(char[]){"x"}, 1}, 1);
}

static int say_too_much(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	const struct {
		uint32_t kind, len;
	} head = {17, 0xffffffff};

	(void)w;
	(void)arg;
	(void)err;
	_exit(write(find_out(), &head, sizeof(head)) == sizeof(head) ? 0 : 1);
}

static int say_half(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	(void)w;
	(void)arg;
	(void)err;
	_exit(write(find_out(), "half", 4) == 4 ? 0 : 1);
}

static void what_is_malformed_ends_it(void **state)
{
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(work_fd(say_unknown, -EBADF, &err), -EBADMSG);
	assert_int_equal(heard.records, 0);
	assert_int_equal(work_fd(say_too_much, -EBADF, &err), -EBADMSG);
	assert_int_equal(work_fd(say_half, -EBADF, &err), -EBADMSG);
	assert_string_equal(err.text, "what the worker said was not understood");
}

static int wait_for_stop(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	(void)w;
	(void)arg;
	(void)err;
	(void)kill(getppid(), 0);
	while (!ctl_worker_stop(NULL))
		(void)usleep(1000);
	return -EINTR;
}

static int never_stop(struct ctl_worker *w, void *arg, struct crl_err *err)
{
	(void)w;
	(void)arg;
	(void)err;
	while (raise(SIGSTOP) == 0)
		;
	return 0;
}

/* A child sends it to us, until it is killed. */
static pid_t interrupt_repeatedly(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			(void)usleep(100000);
			(void)kill(getppid(), SIGINT);
		}
	}
	return pid;
}

/* keeps: ctl/home/worker R2 */
static void it_can_be_stopped(void **state)
{
	struct crl_err err = {0};
	pid_t pid;

	(void)state;
	(void)signal(SIGINT, SIG_IGN); /* what comes before and after it */
	pid = interrupt_repeatedly();
	assert_int_equal(work_fd(wait_for_stop, -EBADF, &err), -EINTR);
	assert_string_equal(err.text, "stopped; run it again to go on");
	assert_int_equal(work_fd(never_stop, -EBADF, &err), -EINTR);
	(void)kill(pid, SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_its_user_and_no_more),   cmocka_unit_test(keeps_what_is_named),
		cmocka_unit_test(reaches_what_is_named),     cmocka_unit_test(sealed_it_changes_nothing),
		cmocka_unit_test(errors_come_whole),         cmocka_unit_test(a_death_is_told),
		cmocka_unit_test(what_is_malformed_ends_it), cmocka_unit_test(it_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
