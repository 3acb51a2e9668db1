// SPDX-License-Identifier: Apache-2.0
/*
 * Trials that are begun, confirmed and ended, and killed before every single system call that changes something: what is
 * in force then must be one of the two configurations, complete.
 *
 * The program has its own versions of these system calls, which the archives then use.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "state/trial/store.h"

#define OLD_ONE "/old aa bothold"
#define NEW_ONE "/new bothnew zz"
#define THIRD_ONE "/third"
#define KILLED 77
#define STEPS_MAX 400
#define MINUTES 60000ull

static char top[] = "/tmp/carrel-store-XXXXXX";
static int steps_left; /* 0 = nobody is killed */
static int opens_left; /* 0 = nothing happens meanwhile */
static bool begins_again;

static bool is_last_step(void)
{
	return steps_left > 0 && --steps_left == 0;
}

static void step(void)
{
	if (is_last_step())
		_exit(KILLED);
}

int renameat(int from, const char *a, int to, const char *b)
{
	step();
	return (int)syscall(SYS_renameat2, from, a, to, b, 0);
}

int renameat2(int from, const char *a, int to, const char *b, unsigned int flags)
{
	step();
	return (int)syscall(SYS_renameat2, from, a, to, b, flags);
}

int unlinkat(int at, const char *name, int flags)
{
	step();
	return (int)syscall(SYS_unlinkat, at, name, flags);
}

int unlink(const char *name)
{
	step();
	return (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
}

int mkdirat(int at, const char *name, mode_t mode)
{
	step();
	return (int)syscall(SYS_mkdirat, at, name, mode);
}

int fchmod(int fd, mode_t mode)
{
	step();
	return (int)syscall(SYS_fchmod, fd, mode);
}

int fsync(int fd)
{
	step();
	(void)fd; /* nobody pulls the plug here, and a test need not wait for the disk */
	return 0;
}

ssize_t write(int fd, const void *text, size_t len)
{
	if (is_last_step()) {
		(void)syscall(SYS_write, fd, text, len / 2);
		_exit(KILLED);
	}
	return syscall(SYS_write, fd, text, len);
}

static const char *at(const char *name)
{
	static char path[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", top, name);
	return path[turn];
}

static void end_meanwhile(void);

static int opened(int dir, const char *name, int flags, mode_t mode)
{
	if (opens_left > 0 && --opens_left == 0)
		end_meanwhile();
	return (int)syscall(SYS_openat, dir, name, flags, mode);
}

/* What reads of the configuration go through. */
int openat(int dir, const char *name, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return opened(dir, name, flags, mode);
}

/* And what stands for it under _FORTIFY_SOURCE, with clang at every call. */
int openat_fortified(int dir, const char *name, int flags) __asm__("__openat_2");
int openat_fortified(int dir, const char *name, int flags)
{
	return opened(dir, name, flags, 0);
}

static void write_text(const char *name, const char *text)
{
	scoped_fd fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void remove_all(const char *path)
{
	DIR *dir = opendir(path);
	char below[512];

	for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		(void)snprintf(below, sizeof(below), "%s/%s", path, d->d_name);
		if (unlink(below) < 0)
			remove_all(below);
	}
	if (dir)
		(void)closedir(dir);
	(void)rmdir(path);
}

/* The old configuration, a candidate, and no trial. */
static void begin_anew(void)
{
	remove_all(top);
	assert_int_equal(mkdir(top, 0755), 0);
	assert_int_equal(mkdir(at("policy.d"), 0755), 0);
	assert_int_equal(mkdir(at("next"), 0755), 0);
	assert_int_equal(mkdir(at("next/policy.d"), 0755), 0);
	write_text("carrel.conf", "data_dir = \"/old\";\n");
	write_text("policy.d/aa.conf", "policies = { aa = { }; };\n");
	write_text("policy.d/both.conf", "policies = { bothold = { }; };\n");
	write_text("policy.d/README", "of the administrator\n");
	write_text("next/carrel.conf", "data_dir = \"/new\";\n");
	write_text("next/policy.d/both.conf", "policies = { bothnew = { }; };\n");
	write_text("next/policy.d/zz.conf", "policies = { zz = { }; };\n");
}

/* A configuration in words: data_dir and its policies. */
static const char *describe(const struct crl_config *config)
{
	static char text[256];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s", crl_config_data_dir(config));

	for (size_t i = 0; crl_config_policy_name(config, i); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s", crl_config_policy_name(config, i));
	return text;
}

static const char *in_force(void)
{
	struct crl_config *config = NULL;
	struct crl_in_force f;
	struct crl_err err = {0};
	char path[256];
	const char *text;

	(void)snprintf(path, sizeof(path), "%s", at("carrel.conf")); /* at() is asked more while it is read */
	if (crl_trial_load(path, &config, &f, &err) < 0)
		fail_msg("%s:%d: %s", err.file, err.line, err.text);
	assert_false(f.fell_back);
	text = describe(config);
	crl_config_free(config);
	return text;
}

static const char *in_file(const char *name)
{
	struct crl_config *config = NULL;
	const char *text;

	assert_int_equal(crl_config_load(at(name), &config, NULL), 0);
	text = describe(config);
	crl_config_free(config);
	return text;
}

/* How many names are there; those below policy.d as well. */
static size_t count(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n - 2;
}

static struct crl_trial_store open_store(void)
{
	struct crl_trial_store s;
	struct crl_err err = {0};

	if (crl_trial_store_open(at("carrel.conf"), &s, &err) < 0)
		fail_msg("%s", err.text);
	s.config = strdup(s.config); /* at() will say something else */
	s.file = strrchr(s.config, '/') + 1;
	return s;
}

static void close_store(struct crl_trial_store *s)
{
	free((char *)(uintptr_t)s->config);
	crl_trial_store_done(s);
}

typedef int action(const struct crl_trial_store *s, struct crl_err *err);

static int begin(const struct crl_trial_store *s, struct crl_err *err)
{
	struct crl_trial t;
	char copy[4096];
	int rc = crl_trial_stage(s, at("next/carrel.conf"), at("next/policy.d"), copy, err);

	return rc < 0 ? rc : crl_trial_begin(s, 10 * MINUTES, "root", &t, err);
}

static int confirm(const struct crl_trial_store *s, struct crl_err *err)
{
	struct crl_trial t;

	(void)crl_trial_look(s->config, &t, err);
	return crl_trial_confirm(s, &t, err);
}

static void must(action *act)
{
	struct crl_trial_store s = open_store();
	struct crl_err err = {0};
	int rc = act(&s, &err);

	close_store(&s);
	if (rc < 0)
		fail_msg("%s", err.text);
}

/* Run it in a child that is killed before that many steps. Returns false when it came to its end. */
static bool killed_at(int steps, action *act)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct crl_trial_store s = open_store();

		steps_left = steps;
		_exit(act(&s, NULL) < 0 ? 1 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == KILLED || WEXITSTATUS(status) == 0);
	return WEXITSTATUS(status) == KILLED;
}

static enum crl_trial_state state_now(void)
{
	struct crl_trial t;

	return crl_trial_look(at("carrel.conf"), &t, NULL);
}

static void one_of_them(const char *what, int steps)
{
	const char *text = in_force();

	if (strcmp(text, OLD_ONE) != 0 && strcmp(text, NEW_ONE) != 0 && strcmp(text, THIRD_ONE) != 0)
		fail_msg("%s killed at step %d: \"%s\" counts", what, steps, text);
}

static void all_is_new(void)
{
	assert_string_equal(in_force(), NEW_ONE);
	assert_string_equal(in_file("carrel.conf"), NEW_ONE);
	assert_string_equal(in_file("before-trial/carrel.conf"), OLD_ONE);
	assert_int_equal(state_now(), CRL_TRIAL_NONE);
	assert_int_equal(count(top), 4); /* carrel.conf policy.d before-trial next */
	assert_int_equal(count(at("policy.d")), 3); /* both zz README */
}

static void test_life(void **state)
{
	(void)state;
	begin_anew();
	must(begin);
	assert_string_equal(in_force(), NEW_ONE);
	assert_string_equal(in_file("carrel.conf"), OLD_ONE);
	must(crl_trial_end);
	assert_string_equal(in_force(), OLD_ONE);
	assert_int_equal(count(top), 3);
	must(begin);
	must(confirm);
	all_is_new();
	/* Once more: the backup is that of the last one. */
	must(begin);
	must(confirm);
	assert_string_equal(in_file("before-trial/carrel.conf"), NEW_ONE);
}

static void test_one_at_a_time(void **state)
{
	struct crl_trial_store s, other;
	struct crl_err err = {0};
	struct crl_trial t;

	(void)state;
	begin_anew();
	s = open_store();
	assert_int_equal(crl_trial_store_open(at("carrel.conf"), &other, &err), -EWOULDBLOCK);
	assert_int_equal(begin(&s, &err), 0);
	assert_int_equal(begin(&s, &err), -EEXIST);
	/* Over before it was confirmed: nothing happens. */
	assert_int_equal(crl_trial_look(s.config, &t, &err), CRL_TRIAL_RUNNING);
	t.until_ms = t.begun_ms;
	assert_int_equal(crl_trial_confirm(&s, &t, &err), -ETIMEDOUT);
	assert_string_equal(in_file("carrel.conf"), OLD_ONE);
	assert_int_equal(state_now(), CRL_TRIAL_RUNNING);
	close_store(&s);
}

/* keeps: state/trial/store R3. Whoever may read a directory may lock it; there is nothing else to be had. */
static void test_locked_by_others(void **state)
{
	int fd = open(top, O_RDONLY | O_DIRECTORY);
	struct crl_trial_store s;
	struct stat st;

	(void)state;
	begin_anew();
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	must(begin);
	must(confirm);
	s = open_store();
	assert_int_equal(stat(at(".trial-lock"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	close_store(&s);
	assert_int_equal(stat(at(".trial-lock"), &st), -1);
	(void)close(fd);
}

/* keeps: state/trial/store R1 */
static void test_killed_begin(void **state)
{
	int steps = 1;

	(void)state;
	for (bool more = true; more; steps++) {
		begin_anew();
		more = killed_at(steps, begin);
		one_of_them("begin", steps);
		assert_string_equal(in_file("carrel.conf"), OLD_ONE);
		if (state_now() == CRL_TRIAL_NONE)
			must(begin);
		assert_string_equal(in_force(), NEW_ONE);
		must(crl_trial_end);
		assert_int_equal(count(top), 3);
		assert_true(steps < STEPS_MAX);
	}
	assert_true(steps > 20); /* or the kill does not work */
}

/* keeps: state/trial/store R2 */
static void test_killed_confirm(void **state)
{
	int steps = 1, committed = 0;

	(void)state;
	for (bool more = true; more; steps++) {
		begin_anew();
		must(begin);
		more = killed_at(steps, confirm);
		one_of_them("confirm", steps);
		committed += state_now() == CRL_TRIAL_CONFIRMED;
		if (state_now() == CRL_TRIAL_RUNNING) { /* nothing is decided: it may yet go back */
			assert_string_equal(in_file("carrel.conf"), OLD_ONE);
			must(confirm);
		} else if (state_now() == CRL_TRIAL_CONFIRMED) {
			assert_string_equal(in_force(), NEW_ONE);
			/* Killed again at every other step, too. */
			(void)killed_at(steps % 9 + 1, confirm);
			assert_string_equal(in_force(), NEW_ONE);
			if (state_now() == CRL_TRIAL_CONFIRMED)
				must(confirm);
		}
		assert_string_equal(in_force(), NEW_ONE);
		{
			struct crl_trial_store s = open_store();

			crl_trial_tidy(&s);
			close_store(&s);
		}
		all_is_new();
		assert_true(steps < STEPS_MAX);
	}
	assert_true(committed > 10);
}

static void test_killed_end(void **state)
{
	int steps = 1;

	(void)state;
	for (bool more = true; more; steps++) {
		begin_anew();
		must(begin);
		more = killed_at(steps, crl_trial_end);
		one_of_them("end", steps);
		assert_string_equal(in_file("carrel.conf"), OLD_ONE);
		if (state_now() == CRL_TRIAL_RUNNING)
			must(crl_trial_end);
		assert_string_equal(in_force(), OLD_ONE);
		must(begin);
		must(crl_trial_end);
		assert_int_equal(count(top), 3);
		assert_true(steps < STEPS_MAX);
	}
	assert_true(steps > 5);
}

static void end_meanwhile(void)
{
	struct crl_trial_store s = open_store();

	assert_int_equal(crl_trial_end(&s, NULL), 0);
	if (begins_again) {
		remove_all(at("next/policy.d"));
		write_text("next/carrel.conf", "data_dir = \"/third\";\n");
		assert_int_equal(begin(&s, NULL), 0);
	}
	close_store(&s);
}

/* The trial ends while somebody reads it, before each of his opens, and maybe another begins: he gets one of them. */
static void ends_meanwhile(const char *afterwards)
{
	int opens = 1, changed = 0;

	for (bool more = true; more; opens++) {
		begin_anew();
		must(begin);
		opens_left = opens;
		one_of_them("ended meanwhile", opens);
		more = opens_left == 0;
		opens_left = 0;
		changed += strcmp(in_force(), afterwards) == 0;
		assert_true(opens < STEPS_MAX);
	}
	assert_true(changed > 10);
}

static void test_ends_meanwhile(void **state)
{
	(void)state;
	ends_meanwhile(OLD_ONE);
	begins_again = true;
	ends_meanwhile(THIRD_ONE);
}

static void refused(const char *part)
{
	struct crl_trial_store s = open_store();
	struct crl_err err = {0};

	assert_true(begin(&s, &err) < 0);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" does not say \"%s\"", err.text, part);
	crl_trial_tidy(&s);
	close_store(&s);
	assert_int_equal(count(top), 3);
	assert_string_equal(in_force(), OLD_ONE);
}

static void test_bad_candidates(void **state)
{
	(void)state;
	begin_anew();
	assert_int_equal(chmod(at("next/carrel.conf"), 0666), 0);
	refused("mode 0666");
	assert_int_equal(chmod(at("next/carrel.conf"), 0644), 0);
	assert_int_equal(mkfifo(at("next/policy.d/x.conf"), 0644), 0);
	refused("a FIFO");
	assert_int_equal(unlink(at("next/policy.d/x.conf")), 0);
	assert_int_equal(symlink("/dev/null", at("next/policy.d/x.conf")), 0);
	refused("a device");
	assert_int_equal(unlink(at("next/policy.d/x.conf")), 0);
	assert_int_equal(unlink(at("next/carrel.conf")), 0);
	refused("No such file");
}

/* No record that would not count. */
static void test_bad_record(void **state)
{
	struct crl_trial_store s;
	struct crl_trial t;
	char copy[4096];

	(void)state;
	begin_anew();
	s = open_store();
	assert_int_equal(crl_trial_stage(&s, at("next/carrel.conf"), at("next/policy.d"), copy, NULL), 0);
	assert_int_equal(crl_trial_begin(&s, CRL_TRIAL_MAX_MS + 1, "root", &t, NULL), -EINVAL);
	assert_int_equal(crl_trial_begin(&s, MINUTES, "the root", &t, NULL), -EINVAL);
	assert_int_equal(state_now(), CRL_TRIAL_NONE);
	assert_int_equal(crl_trial_begin(&s, CRL_TRIAL_MAX_MS, "root", &t, NULL), 0);
	assert_int_equal(state_now(), CRL_TRIAL_RUNNING);
	close_store(&s);
}

/* A secret stays one; nothing is more than a configuration may be. */
static void test_modes(void **state)
{
	struct stat st;

	(void)state;
	begin_anew();
	assert_int_equal(chmod(at("next/carrel.conf"), 0600), 0);
	assert_int_equal(chmod(at("next/policy.d/zz.conf"), 04755), 0);
	must(begin);
	must(confirm);
	assert_int_equal(stat(at("carrel.conf"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(at("policy.d/zz.conf"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	remove_all(top);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),           cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_killed_begin),   cmocka_unit_test(test_killed_confirm),
		cmocka_unit_test(test_killed_end),     cmocka_unit_test(test_ends_meanwhile),
		cmocka_unit_test(test_bad_candidates), cmocka_unit_test(test_modes),
		cmocka_unit_test(test_bad_record),     cmocka_unit_test(test_locked_by_others),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
