// SPDX-License-Identifier: Apache-2.0
/*
 * Stacks of layers that are made, frozen, gone back to and forgotten; with each single system call failing, or the process
 * killed there: afterwards the old state or the new one is there, whole, and the same can be done again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include <cmocka.h>

#include "../scratch.h"
#include "base/dir.h"
#include "base/file.h"
#include "faults.h"
#include "store/stack.h"

static struct crl_stack_top top;
static int data = -1;

static void shell(const char *text)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "cd %s && { %s; }", scratch, text);
	assert_int_equal(system(command), 0);
}

static void remove_below(int dir, const char *name)
{
	scoped(crl_dir) d = {0};

	if (unlinkat(dir, name, 0) == 0 || crl_dir_open(dir, name, &d) < 0)
		return;
	for (const char *entry; (entry = crl_dir_next(&d));)
		remove_below(crl_dir_fd(&d), entry);
	assert_int_equal(unlinkat(dir, name, AT_REMOVEDIR), 0);
}

static void begin_empty(void)
{
	if (data >= 0)
		(void)close(data);
	remove_below(AT_FDCWD, at("data"));
	assert_int_equal(mkdir(at("data"), 0700), 0);
	data = open(at("data"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(data >= 0);
	top = (struct crl_stack_top){.uid = getuid(), .gid = getgid(), .mode = 0751};
}

static void must(int rc, const struct crl_err *err)
{
	if (rc < 0)
		fail_msg("%d: %s", rc, err->text);
}

static void ready(void)
{
	struct crl_err err = {0};

	must(crl_stack_ready(data, &top, &err), &err);
}

/* s1 shows a; s2 shows a and b; the upper has c as well. */
static void begin(void)
{
	struct crl_err err = {0};

	begin_empty();
	ready();
	write_file("data/up/a", "a");
	must(crl_snapshot_take(data, "s1", 11, 9, &err), &err);
	write_file("data/up/b", "b");
	must(crl_snapshot_take(data, "s2", 22, 9, &err), &err);
	write_file("data/up/c", "c");
	assert_int_equal(mkdirat(data, "work/work", 0), 0);
}

/* A test need not wait for the disk; that a call fails here it can be told all the same. */
int fsync(int fd)
{
	(void)fd;
	return syscall(SYS_getpgid, 0) < 0 ? -1 : 0;
}

int syncfs(int fd)
{
	return fsync(fd);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void list(FILE *to, int dir, const char *path, int depth)
{
	struct dirent **names = NULL;
	int n = scandirat(dir, path, &names, NULL, by_name);

	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		char below[600];

		(void)snprintf(below, sizeof(below), "%s/%s", path, name);
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, "trash") != 0) {
			(void)fprintf(to, "%s\n", below);
			if (depth > 0)
				list(to, dir, below, depth - 1);
		}
		free(names[i]);
	}
	free(names);
}

/* All that counts, as one text; layers by what is in them. */
static const char *portrait(void)
{
	static char buf[4][4096];
	static int turn;
	char text[2048];
	FILE *to = fmemopen(buf[turn = (turn + 1) % 4], sizeof(buf[0]), "we");
	struct stat st;

	assert_non_null(to);
	assert_int_equal(fstatat(data, "up", &st, 0), 0);
	(void)fprintf(to, "%o\n", st.st_mode);
	for (int i = 0; i < 2; i++) {
		assert_true(crl_file_read(data, i ? "stack" : "snapshots", text, sizeof(text)) > 0);
		(void)fprintf(to, "%s", text);
	}
	list(to, data, ".", 2);
	assert_int_equal(fclose(to), 0);
	return buf[turn];
}

static void test_first(void **state)
{
	struct crl_stack s;
	struct crl_snapshots snapshots;
	struct crl_err err = {0};
	struct stat st;

	(void)state;
	begin_empty();
	assert_int_equal(crl_stack_ready(data, NULL, &err), -ENOENT);
	assert_true(crl_stack_is_new(data));
	ready();
	assert_false(crl_stack_is_new(data));
	assert_int_equal(crl_stack_read(data, &s, &snapshots, &err), 0);
	assert_true(s.len == 0 && snapshots.len == 0);
	assert_int_equal(fstatat(data, "up", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
	assert_int_equal(crl_stack_ready(data, NULL, &err), 0);
}

static void test_take(void **state)
{
	struct crl_snapshots all;
	struct crl_stack s;
	struct crl_err err = {0};
	struct stat st;
	char value[8];

	(void)state;
	begin();
	assert_int_equal(crl_stack_read(data, &s, &all, &err), 0);
	assert_true(s.len == 2 && s.layer[0] == 2 && s.layer[1] == 1 && all.len == 2);
	assert_true(all.item[0].stack.len == 1 && all.item[0].when == 11 && all.item[1].stack.len == 2);
	assert_int_equal(access(at("data/layers/1/a"), F_OK), 0);
	assert_int_equal(access(at("data/layers/2/b"), F_OK), 0);
	assert_int_equal(access(at("data/work/work"), F_OK), 0);
	assert_int_equal(setxattr(at("data/up"), "user.mark", "x", 1, 0), 0);
	assert_int_equal(chmod(at("data/up"), 0700), 0);
	assert_int_equal(crl_snapshot_take(data, "s3", 33, 3, &err), 0);
	assert_int_equal(fstatat(data, "up", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(getxattr(at("data/up"), "user.mark", value, sizeof(value)), 1);
	assert_int_equal(access(at("data/work/work"), F_OK), -1); /* it knows the upper that was */
	assert_int_equal(crl_snapshot_take(data, "s3", 0, 9, &err), -EEXIST);
	assert_int_equal(crl_snapshot_take(data, "s4", 0, 3, &err), -EDQUOT);
	assert_int_equal(crl_snapshot_take(data, "a/b", 0, 9, &err), -EINVAL);
	assert_int_equal(crl_stack_ready(data, NULL, &err), 0);
}

static void test_depth(void **state)
{
	struct crl_err err = {0};
	char name[16];

	(void)state;
	begin_empty();
	ready();
	for (int i = 0; i < CRL_STACK_MAX; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i);
		must(crl_snapshot_take(data, name, 1, CRL_SNAPSHOTS_MAX, &err), &err);
		if (i < CRL_STACK_MAX - 1)
			must(crl_snapshot_drop(data, name, &err), &err); /* the layer stays: it is below the upper */
	}
	assert_int_equal(crl_snapshot_take(data, "more", 1, 9, &err), -EMLINK);
}

static void test_restore(void **state)
{
	struct crl_snapshots all;
	struct crl_stack s;
	struct crl_err err = {0};

	(void)state;
	begin();
	assert_int_equal(crl_snapshot_restore(data, "none", NULL, 0, &err), -ENOENT);
	must(crl_snapshot_restore(data, "s1", "kept", 33, &err), &err);
	assert_int_equal(crl_stack_read(data, &s, &all, &err), 0);
	assert_true(s.len == 1 && s.layer[0] == 1 && all.len == 3 && all.item[2].stack.len == 3);
	assert_int_equal(access(at("data/up/c"), F_OK), -1);
	assert_int_equal(access(at("data/layers/3/c"), F_OK), 0);
	/* Nothing came since: no other snapshot is made. */
	must(crl_snapshot_restore(data, "kept", "kept2", 44, &err), &err);
	assert_int_equal(crl_stack_read(data, &s, &all, &err), 0);
	assert_true(s.len == 3 && all.len == 3);
	shell("echo d >data/up/d");
	must(crl_snapshot_restore(data, "s1", NULL, 55, &err), &err);
	assert_int_equal(crl_stack_read(data, &s, &all, &err), 0);
	assert_true(s.len == 1 && all.len == 3);
	shell("cat data/trash/*/d | grep -q d");
}

static void test_drop(void **state)
{
	struct crl_snapshots all;
	struct crl_stack s;
	struct crl_err err = {0};

	(void)state;
	begin();
	assert_int_equal(crl_snapshot_drop(data, "none", &err), -ENOENT);
	must(crl_snapshot_restore(data, "s1", NULL, 0, &err), &err);
	must(crl_snapshot_drop(data, "s2", &err), &err);
	assert_int_equal(crl_stack_read(data, &s, &all, &err), 0);
	assert_true(s.len == 1 && all.len == 1 && strcmp(all.item[0].name, "s1") == 0);
	assert_int_equal(access(at("data/layers/2"), F_OK), -1);
	shell("cat data/trash/*/b | grep -q b");
	assert_int_equal(access(at("data/layers/1/a"), F_OK), 0);
}

/* What somebody planted is refused or thrown away, and nothing outside of the directory is touched. keeps: store/stack_files R1 */
static void test_hostile(void **state)
{
	static const struct {
		const char *plant;
		int rc;
	} kase[] = {
		{"rm data/stack; ln -s ../outside/stack data/stack", -EBADMSG},
		{"rm data/stack", -EBADMSG},
		{"rm data/stack; mkfifo data/stack", -EBADMSG},
		{"rm data/snapshots; mkdir data/snapshots", -EBADMSG},
		{"head -c 2000000 /dev/zero >data/stack", -EBADMSG},
		{"ln -s ../outside/next data/next", -EBADMSG},
		{"printf 'next=1\\nup=trash/../../outside\\nadd=0\\nend\\n' >data/next", -EBADMSG},
		{"printf 'next=1\\nup=layers/../../outside\\nadd=0\\nend\\n' >data/next", -EBADMSG},
		{"printf 'next=1\\nup=-\\nadd=5\\nend\\n' >data/next", -EBADMSG},
		{"mv data/up data/x; ln -s ../outside data/up", -EBADMSG},
		{"mv data/layers data/x; ln -s ../outside data/layers", -EBADMSG},
		{"rm -rf data/trash; ln -s ../outside data/trash", -EBADMSG},
		{"ln -s ../../outside data/layers/77; mkdir data/layers/junk data/.new-layer; touch data/.new-layer/x "
		 "data/.new-up",
		 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kase) / sizeof(kase[0]); i++) {
		struct crl_err err = {0};
		int fd = -1, rc;

		begin();
		shell("rm -rf outside; mkdir outside; echo keep >outside/keep; cp data/stack outside/; printf "
		      "'next=1\\nup=-\\nadd=0\\nend\\n' >outside/next");
		shell(kase[i].plant);
		rc = crl_stack_ready(data, &top, &err);
		if (rc != kase[i].rc)
			fail_msg("%s: %d %s", kase[i].plant, rc, err.text);
		shell("grep -q keep outside/keep && test $(ls -A outside | wc -l) = 3");
		if (rc == 0) {
			assert_int_equal(crl_stack_open_layer(data, 77, &fd, &err), -EBADMSG);
			assert_int_equal(access(at("data/.new-up"), F_OK), -1);
			assert_int_equal(access(at("data/layers/junk"), F_OK), -1);
		}
	}
}

/* A change that was decided is not passed over by who only reads. */
static void test_pending(void **state)
{
	struct crl_snapshots all;
	struct crl_err err = {0};

	(void)state;
	begin();
	shell("printf 'next=1\\nup=-\\nadd=0\\nend\\n' >data/next");
	assert_int_equal(crl_stack_read(data, NULL, &all, &err), -EINPROGRESS);
	assert_int_equal(crl_snapshot_take(data, "s3", 0, 9, &err), -EINPROGRESS);
	ready();
	assert_int_equal(crl_snapshot_take(data, "s3", 0, 9, &err), 0);
}

/* What is thrown away is what came after the snapshot that the present stands on. */
static void test_empty(void **state)
{
	struct crl_snapshots all;
	struct crl_stack s;
	struct crl_err err = {0};

	(void)state;
	begin();
	must(crl_stack_empty_up(data, &err), &err);
	must(crl_stack_read(data, &s, &all, &err), &err);
	assert_true(s.len == 2 && all.len == 2);
	must(crl_snapshot_drop(data, "s2", &err), &err);
	write_file("data/up/c", "c");
	must(crl_stack_empty_up(data, &err), &err);
	must(crl_stack_read(data, &s, &all, &err), &err);
	assert_true(s.len == 1 && s.layer[0] == 1 && all.len == 1);
	assert_int_equal(access(at("data/up/c"), F_OK), -1);
	assert_int_equal(access(at("data/layers/2"), F_OK), -1);
	must(crl_snapshot_drop(data, "s1", &err), &err);
	must(crl_stack_empty_up(data, &err), &err);
	must(crl_stack_read(data, &s, &all, &err), &err);
	assert_true(s.len == 0 && all.len == 0);
}

static int act_below(void *arg)
{
	scoped_fd into = -EBADF, file = -EBADF;
	struct crl_snapshots all;
	int rc = crl_stack_read(data, NULL, &all, NULL);

	(void)arg;
	if (rc < 0 || all.item[0].stack.len > 1)
		return rc;
	rc = crl_stack_below_begin(data, &into, NULL);
	if (rc < 0)
		return rc;
	file = openat(into, "was", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return file < 0 ? -errno : crl_stack_below_end(data, NULL);
}

/* It is the oldest of each snapshot, and the present is as before. */
static void test_below(void **state)
{
	struct crl_snapshots all;
	struct crl_stack s;
	struct crl_err err = {0};

	(void)state;
	begin();
	assert_int_equal(crl_stack_is_flat(data, &err), 0);
	assert_int_equal(act_below(NULL), 0);
	must(crl_stack_read(data, &s, &all, &err), &err);
	assert_true(s.len == 2 && s.layer[0] == 2 && s.layer[1] == 1);
	assert_true(all.item[0].stack.len == 2 && all.item[0].stack.layer[0] == 1 && all.item[0].stack.layer[1] == 3);
	assert_true(all.item[1].stack.len == 3 && all.item[1].stack.layer[0] == 2 && all.item[1].stack.layer[2] == 3);
	assert_int_equal(access(at("data/layers/3/was"), F_OK), 0);
	assert_int_equal(access(at("data/up/c"), F_OK), 0);
	ready();
	assert_int_equal(access(at("data/layers/3/was"), F_OK), 0);
	must(crl_stack_empty_up(data, &err), &err);
	must(crl_stack_read(data, &s, &all, &err), &err);
	assert_true(s.len == 0 && all.len == 2);
	assert_int_equal(crl_stack_is_flat(data, &err), 1);
	must(crl_snapshot_restore(data, "s1", NULL, 33, &err), &err);
	must(crl_stack_read(data, &s, NULL, &err), &err);
	assert_true(s.len == 2 && s.layer[0] == 1 && s.layer[1] == 3);
	assert_int_equal(crl_stack_is_flat(data, &err), 0);
	must(crl_snapshot_drop(data, "s1", &err), &err);
	must(crl_snapshot_drop(data, "s2", &err), &err);
	assert_int_equal(crl_stack_is_flat(data, &err), 0);
}

/* A layer that no snapshot has, under an empty upper, is one; with something in the upper there are two. */
static void test_flat(void **state)
{
	struct crl_err err = {0};

	(void)state;
	begin_empty();
	ready();
	write_file("data/up/a", "a");
	assert_int_equal(crl_stack_is_flat(data, &err), 1);
	must(crl_snapshot_take(data, "s1", 11, 9, &err), &err);
	assert_int_equal(crl_stack_is_flat(data, &err), 0);
	must(crl_snapshot_drop(data, "s1", &err), &err);
	assert_int_equal(crl_stack_is_flat(data, &err), 1);
	write_file("data/up/b", "b");
	assert_int_equal(crl_stack_is_flat(data, &err), 0);
}

static void test_below_too_deep(void **state)
{
	scoped_fd into = -EBADF;
	struct crl_err err = {0};

	(void)state;
	begin_empty();
	ready();
	must(crl_snapshot_take(data, "first", 0, 9, &err), &err);
	for (int i = 1; i < CRL_STACK_MAX; i++) {
		must(crl_snapshot_take(data, "deep", 0, 9, &err), &err);
		if (i < CRL_STACK_MAX - 1)
			must(crl_snapshot_drop(data, "deep", &err), &err);
	}
	must(crl_stack_below_begin(data, &into, &err), &err);
	assert_int_equal(crl_stack_below_end(data, &err), -EMLINK);
	assert_non_null(strstr(err.text, "deep"));
	ready();
	assert_int_equal(access(at("data/.new-layer"), F_OK), -1);
}

/* s1 is dropped: of the layers below s2 nothing tells a's from b's. */
static void begin_merge(void)
{
	struct crl_err err = {0};

	begin();
	must(crl_snapshot_drop(data, "s1", &err), &err);
}

static int act_merge(void *arg)
{
	struct crl_stack layers;
	scoped_fd into = -EBADF, file = -EBADF;
	int rc = crl_stack_merge_find(data, &layers, NULL);

	(void)arg;
	if (rc < 0 || layers.len == 0)
		return rc;
	rc = crl_stack_merge_begin(data, &layers, &into, NULL);
	if (rc < 0)
		return rc;
	file = openat(into, "ab", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return file < 0 ? -errno : crl_stack_merge_end(data, &layers, NULL);
}

static void test_merge(void **state)
{
	struct crl_snapshots all;
	struct crl_stack s, layers;
	struct crl_err err = {0};

	(void)state;
	begin();
	must(crl_stack_merge_find(data, &layers, &err), &err);
	assert_int_equal(layers.len, 0); /* s1 ends between the two */
	must(crl_snapshot_drop(data, "s2", &err), &err);
	must(crl_stack_merge_find(data, &layers, &err), &err);
	assert_int_equal(layers.len, 0);
	begin_merge();
	must(crl_stack_merge_find(data, &layers, &err), &err);
	assert_true(layers.len == 2 && layers.layer[0] == 2 && layers.layer[1] == 1);
	assert_int_equal(act_merge(NULL), 0);
	must(crl_stack_read(data, &s, &all, &err), &err);
	assert_true(s.len == 1 && s.layer[0] == 3 && all.len == 1 && all.item[0].stack.len == 1);
	assert_int_equal(access(at("data/layers/3/ab"), F_OK), 0);
	assert_int_equal(access(at("data/layers/1"), F_OK), -1);
	assert_int_equal(crl_stack_merge_end(data, &layers, &err), -ENOENT);
}

static int act_ready(void *arg)
{
	(void)arg;
	return crl_stack_ready(data, &top, NULL);
}

static int act_take(void *arg)
{
	(void)arg;
	return crl_snapshot_take(data, "s3", 33, 9, NULL);
}

static int act_restore(void *arg)
{
	(void)arg;
	return crl_snapshot_restore(data, "s1", NULL, 33, NULL);
}

static int act_drop(void *arg)
{
	(void)arg;
	return crl_snapshot_drop(data, "s1", NULL);
}

static int act_empty(void *arg)
{
	(void)arg;
	return crl_stack_empty_up(data, NULL);
}

/* keeps: store/stack R1 */
static void each_call(void (*prepare)(void), fault_act *act)
{
	static const int faults[] = {FAULT_KILL, ENOSPC, EIO};
	char before[4096], after[4096];

	for (size_t f = 0; f < (getenv("FAULT_EVERY") ? 3 : 2); f++) /* one more than there is time for each time */
		for (long n = 1;; n++) {
			const char *is;
			int rc;

			prepare();
			if (prepare != begin_empty)
				(void)snprintf(before, sizeof(before), "%s", portrait());
			if (n == 1) {
				assert_int_equal(act(NULL), 0);
				(void)snprintf(after, sizeof(after), "%s", portrait());
				prepare();
			}
			rc = fault_run(act, NULL, n, faults[f]);
			ready();
			is = portrait();
			if (prepare != begin_empty && strcmp(is, before) != 0 && strcmp(is, after) != 0)
				fail_msg("call %ld, fault %d:\n%s", n, faults[f], is);
			if ((rc == 0 || rc == FAULT_OVER || prepare == begin_empty) && strcmp(is, after) != 0)
				fail_msg("call %ld, fault %d, it is done:\n%s", n, faults[f], is);
			if (strcmp(is, after) != 0)
				assert_int_equal(act(NULL), 0);
			assert_string_equal(portrait(), after);
			if (rc == FAULT_OVER) {
				assert_true(n > 20);
				break;
			}
		}
}

static void test_each_call_of_ready(void **state)
{
	(void)state;
	each_call(begin_empty, act_ready);
}

static void test_each_call_of_take(void **state)
{
	(void)state;
	each_call(begin, act_take);
}

static void test_each_call_of_restore(void **state)
{
	(void)state;
	each_call(begin, act_restore);
}

static void test_each_call_of_drop(void **state)
{
	(void)state;
	each_call(begin, act_drop);
}

static void test_each_call_of_merge(void **state)
{
	(void)state;
	each_call(begin_merge, act_merge);
}

static void test_each_call_of_below(void **state)
{
	(void)state;
	each_call(begin, act_below);
}

static void test_each_call_of_empty(void **state)
{
	(void)state;
	each_call(begin, act_empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_below_too_deep),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_each_call_of_merge),
		cmocka_unit_test(test_each_call_of_below),
		cmocka_unit_test(test_each_call_of_ready),
		cmocka_unit_test(test_each_call_of_take),
		cmocka_unit_test(test_each_call_of_restore),
		cmocka_unit_test(test_each_call_of_drop),
		cmocka_unit_test(test_each_call_of_empty),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
