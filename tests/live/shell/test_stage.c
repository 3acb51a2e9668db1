// SPDX-License-Identifier: Apache-2.0
/* The stage file found and proved: what is taken, what refuses, and what is none. As root, who alone can make one. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/scratch.h"

#include "shell/stage.h"

#define TEXT "carrel-stage 1\nuser none\nfilter /run/carrel/stage.bpf\nshell /bin/bash\nno_new_privs yes\n"
#define USER 4242

static int root = -EBADF;

static int begin(void **state)
{
	int rc = scratch_make(state);

	if (rc < 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return mount("test", scratch, "tmpfs", 0, "mode=0755"); /* one that is not the host's /tmp, which is sticky */
}

static int end(void **state)
{
	(void)close(root);
	(void)umount2(scratch, MNT_DETACH);
	return scratch_remove(state);
}

/* A room as the helper makes it. */
static int room(void **state)
{
	char command[300];

	(void)state;
	(void)close(root);
	(void)snprintf(
		command, sizeof(command),
		"cd %s && umount -l run/carrel run/carrel/user 2>/dev/null; rm -rf run && mkdir -p -m 755 run/carrel",
		scratch);
	assert_int_equal(system(command), 0);
	write_file("run/carrel-room", "id\nuid=1000\n");
	write_file("run/carrel/stage", TEXT);
	root = open(scratch, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : 0;
}

static int stage(enum crl_shell_place *place)
{
	struct crl_err err = {0};
	struct crl_last last;
	int rc = crl_shell_stage_read(root, &last, place, &err);

	if (rc < 0)
		assert_int_equal(err.code, -rc);
	else if (*place != CRL_SHELL_NOWHERE)
		assert_string_equal(last.shell, "/bin/bash");
	return rc;
}

static void expect_place(enum crl_shell_place wanted)
{
	enum crl_shell_place place;

	assert_int_equal(stage(&place), 0);
	assert_int_equal(place, wanted);
}

static void expect_refused(int code)
{
	enum crl_shell_place place;

	assert_int_equal(stage(&place), -code);
}

static void test_taken(void **state)
{
	(void)state;
	expect_place(CRL_SHELL_BEFORE);
}

/* keeps: shell/stage R3 */
static void test_none(void **state)
{
	(void)state;
	assert_int_equal(unlink(at("run/carrel/stage")), 0);
	expect_place(CRL_SHELL_NOWHERE);
	assert_int_equal(rmdir(at("run/carrel")), 0);
	expect_place(CRL_SHELL_NOWHERE);
	write_file("run/carrel", TEXT);
	expect_refused(ENOTDIR);
}

/* keeps: shell/stage R1 */
static void test_another_owner(void **state)
{
	static const char *const path[] = {"run", "run/carrel", "run/carrel/stage"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(path); i++) {
		assert_int_equal(chown(at(path[i]), USER, 0), 0);
		expect_refused(EPERM);
		assert_int_equal(chown(at(path[i]), 0, USER), 0);
		expect_place(CRL_SHELL_BEFORE);
		assert_int_equal(chmod(at(path[i]), 0775), 0);
		expect_refused(EPERM);
		assert_int_equal(chmod(at(path[i]), 0757), 0);
		expect_refused(EPERM);
		assert_int_equal(room(state), 0);
	}
}

/* keeps: shell/stage R1, R3 */
static void test_another_kind(void **state)
{
	write_file("elsewhere", TEXT);
	assert_int_equal(unlink(at("run/carrel/stage")), 0);
	assert_int_equal(symlink("../../elsewhere", at("run/carrel/stage")), 0);
	expect_refused(ELOOP);
	assert_int_equal(unlink(at("run/carrel/stage")), 0);
	assert_int_equal(mkfifo(at("run/carrel/stage"), 0644), 0);
	expect_refused(EPERM);
	assert_int_equal(unlink(at("run/carrel/stage")), 0);
	assert_int_equal(mkdir(at("run/carrel/stage"), 0755), 0);
	expect_refused(EPERM);
	assert_int_equal(room(state), 0);
	assert_int_equal(linkat(root, "run/carrel/stage", root, "run/carrel/other", 0), 0);
	expect_refused(EPERM); /* a second name: somebody else may have it */
	assert_int_equal(room(state), 0);
	assert_int_equal(renameat(root, "run/carrel", root, "run/real"), 0);
	assert_int_equal(symlinkat("real", root, "run/carrel"), 0);
	expect_refused(ELOOP);
}

/* keeps: shell/stage R2 */
static void test_not_the_rooms(void **state)
{
	(void)state;
	assert_int_equal(unlink(at("run/carrel-room")), 0);
	expect_refused(EPERM);
	write_file("run/carrel-room", "");
	assert_int_equal(chown(at("run/carrel-room"), USER, 0), 0);
	expect_refused(EPERM);
	assert_int_equal(chown(at("run/carrel-room"), 0, 0), 0);
	expect_place(CRL_SHELL_BEFORE);
	assert_int_equal(mount("other", at("run/carrel"), "tmpfs", 0, "mode=0755"), 0);
	write_file("run/carrel/stage", TEXT);
	expect_refused(EPERM); /* root's, but on another file system */
	assert_int_equal(umount2(at("run/carrel"), MNT_DETACH), 0);
	expect_place(CRL_SHELL_BEFORE);
}

/* keeps: shell/stage R3 */
static void test_another_text(void **state)
{
	(void)state;
	write_file("run/carrel/stage", "");
	expect_refused(EBADMSG);
	write_file("run/carrel/stage", TEXT "colour red\n");
	expect_refused(EBADMSG);
	assert_int_equal(truncate(at("run/carrel/stage"), 100000), 0);
	expect_refused(EBADMSG);
}

static void bind_namespace(const char *of)
{
	write_file("run/carrel/user", "");
	assert_int_equal(mount(of, at("run/carrel/user"), NULL, MS_BIND, NULL), 0);
}

/* keeps: shell/stage R4 */
static void test_behind(void **state)
{
	char other[64];
	int pipes[2];
	pid_t pid;

	bind_namespace("/proc/self/ns/user");
	assert_int_equal(chown(at("run/carrel/stage"), 65534, 65534), 0);
	expect_place(CRL_SHELL_BEHIND);
	assert_int_equal(umount2(at("run/carrel/user"), MNT_DETACH), 0);
	expect_refused(EPERM);
	assert_int_equal(room(state), 0);
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		char c = unshare(CLONE_NEWUSER) < 0 ? 'x' : 'y';

		crl_ignore(write(pipes[1], &c, 1) == 1);
		(void)pause();
	}
	assert_int_equal(read(pipes[0], other, 1), 1);
	assert_int_equal(other[0], 'y');
	(void)snprintf(other, sizeof(other), "/proc/%d/ns/user", pid);
	bind_namespace(other);
	expect_place(CRL_SHELL_BEFORE);
	assert_int_equal(chown(at("run/carrel/stage"), 65534, 65534), 0);
	expect_refused(EPERM); /* a namespace is there, and it is not ours */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(umount2(at("run/carrel/user"), MNT_DETACH), 0);
}

static int filter(struct crl_shell_filter *f)
{
	struct crl_err err = {0};

	return crl_shell_filter_read(root, CRL_LAST_FILTER, f, &err);
}

/* keeps: shell/stage R1, R3 */
static void test_filter(void **state)
{
	static struct crl_shell_filter f;
	struct crl_err err = {0};

	(void)state;
	assert_int_equal(crl_shell_filter_read(root, "", &f, &err), 0);
	assert_int_equal(f.len, 0);
	assert_int_equal(filter(&f), -ENOENT);
	write_file("run/carrel/stage.bpf", "12345678abcdefgh");
	assert_int_equal(filter(&f), 0);
	assert_int_equal(f.len, 2);
	assert_memory_equal(f.insn, "12345678abcdefgh", 16);
	assert_int_equal(chmod(at("run/carrel/stage.bpf"), 0666), 0);
	assert_int_equal(filter(&f), -EPERM);
	assert_int_equal(chmod(at("run/carrel/stage.bpf"), 0644), 0);
	write_file("run/carrel/stage.bpf", "12345678abcdefg");
	assert_int_equal(filter(&f), -EBADMSG);
	write_file("run/carrel/stage.bpf", "");
	assert_int_equal(filter(&f), -EBADMSG);
	assert_int_equal(truncate(at("run/carrel/stage.bpf"), (CRL_FILTER_MAX + 1) * 8), 0);
	assert_int_equal(filter(&f), -EBADMSG);
	assert_int_equal(truncate(at("run/carrel/stage.bpf"), CRL_FILTER_MAX * 8), 0);
	assert_int_equal(filter(&f), 0);
	assert_int_equal(f.len, CRL_FILTER_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_taken, room),         cmocka_unit_test_setup(test_none, room),
		cmocka_unit_test_setup(test_another_owner, room), cmocka_unit_test_setup(test_another_kind, room),
		cmocka_unit_test_setup(test_not_the_rooms, room), cmocka_unit_test_setup(test_another_text, room),
		cmocka_unit_test_setup(test_behind, room),        cmocka_unit_test_setup(test_filter, room),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
