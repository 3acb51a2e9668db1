// SPDX-License-Identifier: Apache-2.0
/* What keeps an entry's data: directories and file system images, filled to the last byte by their user. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>

#include <cmocka.h>

#include "../../unit/scratch.h"
#include "../../unit/store/faults.h"
#include "base/compat.h"
#include "store/form.h"
#include "store/form_place.h"
#include "store/lock.h"
#include "store/loop.h"
#include "store/spare.h"
#include "store/stack.h"

#define UID 54321
#define MIB (1ull << 20)

static const struct crl_entry_key ana = {.uid = UID, .user = "ana"};
static struct crl_store store = {.dir = -EBADF};
static struct crl_entry entry = CRL_ENTRY_INIT;

static void shell(const char *text)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "cd %s && { %s; }", scratch, text);
	if (system(command) != 0)
		fail_msg("%s", text);
}

static void must(int rc, const struct crl_err *err)
{
	if (rc < 0)
		fail_msg("%d: %s", rc, err->text);
}

static void forget(void)
{
	crl_entry_done(&entry);
	crl_store_done(&store);
}

static void begin(void)
{
	struct crl_err err = {0};

	forget();
	shell("chmod 0711 .; rm -rf store lower; mkdir -p lower at ov");
	must(crl_store_open(at("store"), true, &store, &err), &err);
	store.path = scratch;
	must(crl_entry_open(&store, &ana, true, &entry, &err), &err);
	must(crl_entry_lock(&entry, 0, &err), &err);
}

static int make(enum crl_form_quota quota, uint64_t size, uint64_t inodes, struct crl_err *err)
{
	return crl_form_make(&entry, &(struct crl_form_wish){.quota = quota, .size = size, .inodes = inodes}, err);
}

static int open_data(void)
{
	struct crl_err err = {0};
	int fd = -EBADF;

	must(crl_form_open(&entry, 2000, &fd, &err), &err);
	return fd;
}

/* A child with a mount namespace of its own; what it returns is told. */
static int apart(int (*act)(int data))
{
	int status, data = open_data(); /* before Linux 6.15 only who is in the namespace of a directory can clone it */
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(99);
		_exit(act(data));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)close(data);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The entry's overlay at "ov", as a login has it. Returns 0 or an errno. */
static int mount_overlay(int data)
{
	char options[1024];

	if (move_mount(data, "", AT_FDCWD, at("at"), MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return errno;
	(void)snprintf(options, sizeof(options),
		       "lowerdir=%s/lower,upperdir=%s/at/up,workdir=%s/at/work,index=off,redirect_dir=on,xino=off",
		       scratch, scratch, scratch);
	if (mount("overlay", at("ov"), "overlay", MS_NOSUID | MS_NODEV, options) < 0)
		return errno;
	/* Where the workdir cannot be made, the kernel mounts read-only. */
	struct statfs fs;

	return statfs(at("ov"), &fs) < 0 ? errno : fs.f_flags & MS_RDONLY ? EROFS : 0;
}

static void become_user(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(UID, UID, UID) < 0 || setresuid(UID, UID, UID) < 0)
		_exit(98);
}

/* As the user: files until there are no more; blocks until there are no more. Returns the errno that ended it. */
static int fill_inodes(void)
{
	char name[300];

	for (int i = 0;; i++) {
		int fd;

		(void)snprintf(name, sizeof(name), "%s/ov/f%d", scratch, i);
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			return errno;
		if (fd >= 0)
			(void)close(fd);
	}
}

static int fill_blocks(void)
{
	static char block[65536];
	int fd = open(at("ov/big"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	memset(block, 'x', sizeof(block));
	/* What was set aside for blocks that are not on the disk yet may come free when they are. */
	for (int i = 0; i < 100; i++) {
		for (size_t part = sizeof(block); part >= 1; part /= 2)
			while (write(fd, block, part) == (ssize_t)part)
				;
		if (fsync(fd) < 0 || write(fd, block, 1) < 0)
			return errno;
	}
	return 0;
}

static bool fills_blocks, fills_inodes;

static int act_fill(int data)
{
	int rc = mount_overlay(data);

	if (rc != 0)
		return rc;
	if (crl_spare_settle(data) < 0)
		return 97;
	become_user();
	(void)close(open(at("ov/big"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	rc = fills_inodes ? fill_inodes() : ENOSPC;
	if (rc != ENOSPC && rc != EDQUOT)
		return 96;
	rc = fills_blocks ? fill_blocks() : ENOSPC;
	return rc == ENOSPC || rc == EDQUOT ? 0 : 95;
}

/* The next login, over what is full: the user may remove something, and has what was there. */
static int act_again(int data)
{
	struct crl_err err = {0};
	int rc = crl_stack_ready(data, NULL, &err);

	rc = rc < 0 ? -rc : mount_overlay(data);
	if (rc != 0)
		return rc;
	if (crl_spare_settle(data) < 0)
		return 97;
	become_user();
	if (fills_inodes) {
		int full = fill_inodes();

		if (full != ENOSPC && full != EDQUOT)
			return 94;
	}
	return access(at(fills_inodes ? "ov/f0" : "ov/big"), F_OK) == 0 &&
			       unlink(at(fills_inodes ? "ov/f0" : "ov/big")) == 0
		       ? 0
		       : 93;
}

static void ready(void)
{
	struct crl_stack_top top = {.uid = UID, .gid = UID, .mode = 0700};
	struct crl_err err = {0};
	int data = open_data();

	must(crl_stack_ready(data, &top, &err), &err);
	(void)close(data);
}

static void test_plain(void **state)
{
	struct crl_form_usage u;
	struct crl_err err = {0};
	struct stat st;
	int data;

	(void)state;
	begin();
	must(make(CRL_FORM_QUOTA_AUTO, 0, 0, &err), &err);
	assert_int_equal(entry.owner.form, CRL_FORM_PLAIN);
	must(make(CRL_FORM_QUOTA_IMAGE, MIB, 0, &err), &err); /* it is made: no other is made */
	assert_int_equal(entry.owner.form, CRL_FORM_PLAIN);
	data = open_data();
	assert_int_equal(fstat(data, &st), 0);
	assert_true(st.st_uid == UID && (st.st_mode & 07777) == 0700);
	must(crl_form_usage(&entry, data, &u, &err), &err);
	assert_false(u.is_known);
	crl_form_look(entry.dir, &entry.owner, &u);
	assert_false(u.is_known);
	assert_int_equal(crl_form_resize(&entry, data, 20 * MIB, 0, &err), -EOPNOTSUPP);
	(void)close(data);
	begin();
	must(make(CRL_FORM_QUOTA_NONE, 20 * MIB, 0, &err), &err);
	assert_true(entry.owner.form == CRL_FORM_PLAIN && entry.owner.size == 0);
}

/* Where the store's file system has project quotas that are switched on: a suite of the guest makes one. */
static bool has_projects(void)
{
	scoped_fd dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return crl_project_is_on(dir) == 0;
}

static void test_refused(void **state)
{
	struct crl_err err = {0};

	(void)state;
	begin();
	if (!has_projects()) {
		assert_int_equal(make(CRL_FORM_QUOTA_PROJECT, 20 * MIB, 0, &err), -EOPNOTSUPP);
		assert_non_null(strstr(err.text, "prjquota"));
	}
	assert_int_equal(make(CRL_FORM_QUOTA_IMAGE, 0, 100, &err), -EINVAL);
	assert_int_equal(make(CRL_FORM_QUOTA_IMAGE, MIB, 0, &err), -EINVAL);
	assert_int_equal(entry.owner.form, CRL_FORM_NONE);
	must(make(CRL_FORM_QUOTA_AUTO, 20 * MIB, 0, &err), &err);
	assert_int_equal(entry.owner.form, CRL_FORM_IMAGE);
}

/* However often it is opened, it is one file system on one device, which goes with the last. keeps: store/form_image R1 */
static void test_one_device(void **state)
{
	struct crl_err err = {0};
	struct stat a, b;
	scoped_fd file = -EBADF, one = -EBADF, two = -EBADF, device = -EBADF;

	(void)state;
	begin();
	must(make(CRL_FORM_QUOTA_IMAGE, 20 * MIB, 0, &err), &err);
	one = open_data();
	two = open_data();
	assert_true(fstat(one, &a) == 0 && fstat(two, &b) == 0 && a.st_dev == b.st_dev);
	assert_true(a.st_uid == UID && (a.st_mode & 07777) == 0700);
	shell("test $(losetup -nO NAME -j store/home/54321/fs.img | wc -l) = 1");
	assert_int_equal(mkdirat(one, "seen", 0700), 0);
	assert_int_equal(faccessat(two, "seen", F_OK, 0), 0);
	drop_fd(&one);
	assert_int_equal(faccessat(two, "seen", F_OK, 0), 0);
	drop_fd(&two);
	/* Somebody else has it open, and that is no loop device: refused within the patience. */
	two = open_data();
	drop_fd(&two);
	for (int i = 0; i < 200 && (file < 0 || crl_loop_find(file, &device) == 0); i++) {
		drop_fd(&device);
		if (file < 0)
			file = openat(entry.dir, "fs.img", O_RDWR | O_CLOEXEC);
		(void)usleep(10000);
	}
	assert_int_equal(crl_form_open(&entry, 50, &one, &err), -EBUSY);
	drop_fd(&file);
	one = open_data();
}

/* What who watches is told, beside what who counts says: nobody has counted what is not written. */
static void look_at(int data, const struct crl_form_usage *u)
{
	scoped_fd dir = openat(data, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct crl_form_usage seen;

	assert_int_equal(syncfs(dir), 0);
	crl_form_look(entry.dir, &entry.owner, &seen);
	assert_true(seen.is_known && seen.bytes_max == 24 * MIB);
	if (fills_blocks ? seen.bytes < 19 * MIB || seen.bytes > 25 * MIB : seen.bytes == 0 || seen.bytes >= 12 * MIB)
		fail_msg("%llu bytes, and %llu are counted", (unsigned long long)seen.bytes,
			 (unsigned long long)u->bytes);
	if (entry.owner.form == CRL_FORM_PROJECT)
		assert_true(seen.inodes_max == 400 && seen.inodes == u->inodes && seen.bytes == u->bytes);
}

/* A full entry can be mounted, by who keeps nothing of it from its user. */
static void fill_and_come_again(enum crl_form_quota quota)
{
	struct crl_err err = {0};
	struct crl_form_usage u;

	for (int what = 1; what < 4; what++) {
		int data;

		begin();
		must(make(quota, 24 * MIB, 400, &err), &err);
		ready();
		fills_inodes = what & 1;
		fills_blocks = what & 2;
		assert_int_equal(apart(act_fill), 0);
		data = open_data();
		must(crl_form_usage(&entry, data, &u, &err), &err);
		look_at(data, &u);
		(void)close(data);
		if (fills_inodes)
			assert_int_equal(u.inodes, u.inodes_max);
		if (fills_blocks)
			if (u.bytes_max - u.bytes > MIB / 2)
				fail_msg("%d: %llu bytes are left", what, (unsigned long long)(u.bytes_max - u.bytes));
		for (int i = 0; i < 3; i++) {
			int rc = apart(act_again);

			if (rc != 0)
				fail_msg("filled %d, login %d: %s", what, i, strerror(rc));
			if (!fills_inodes)
				break;
			/* What was removed is filled again by the next. */
		}
	}
}

static void test_full(void **state)
{
	(void)state;
	fill_and_come_again(CRL_FORM_QUOTA_IMAGE);
	if (has_projects())
		fill_and_come_again(CRL_FORM_QUOTA_PROJECT);
}

static void open_other(uint32_t uid, const char *user, const struct crl_form_wish *w, struct crl_entry *ret)
{
	struct crl_err err = {0};

	must(crl_entry_open(&store, &(struct crl_entry_key){.uid = uid, .user = user}, true, ret, &err), &err);
	must(crl_entry_lock(ret, 0, &err), &err);
	must(crl_form_make(ret, w, &err), &err);
}

/* Each has an id of its own. keeps: store/form_project R1 */
static void test_project(void **state)
{
	const struct crl_form_wish w = {.quota = CRL_FORM_QUOTA_AUTO, .size = 20 * MIB, .project_holds = true};
	scoped(crl_entry) bob = CRL_ENTRY_INIT;
	scoped(crl_entry) cat = CRL_ENTRY_INIT;
	struct crl_form_usage u;
	struct crl_err err = {0};
	int data;

	(void)state;
	if (!has_projects()) {
		puts("no project quotas on this file system");
		skip();
	}
	begin();
	must(make(CRL_FORM_QUOTA_AUTO, 20 * MIB, 0, &err), &err);
	assert_int_equal(entry.owner.form, CRL_FORM_IMAGE); /* no filter keeps the user from leaving a project */
	begin();
	must(crl_form_make(&entry, &w, &err), &err);
	assert_true(entry.owner.form == CRL_FORM_PROJECT && entry.owner.project >= 1200000000);
	/* The id that would be the next user's is the host's, or a forgotten one's with something in it. */
	shell("echo host:1200434576 >/etc/projid; mkdir used; chattr -p 1200434577 +P used; touch used/x");
	open_other(UID + 1, "bob", &w, &bob);
	assert_int_equal(bob.owner.project, 1200434578);
	assert_int_equal(unlink("/etc/projid"), 0);
	/* What has been moved aside keeps its own; nobody is at work in it. */
	crl_entry_unlock(&entry);
	shell("sed -i s/name=ana/name=eve/ store/home/54321/owner");
	open_other(UID, "ana", &w, &cat);
	assert_true(cat.orphaned[0] && cat.owner.project == entry.owner.project + 1);
	must(crl_form_open(&cat, 0, &data, &err), &err);
	must(crl_form_usage(&cat, data, &u, &err), &err);
	assert_true(u.is_known && u.bytes_max == 20 * MIB && u.inodes > 0);
	must(crl_form_resize(&cat, data, 30 * MIB, 500, &err), &err);
	must(crl_form_usage(&cat, data, &u, &err), &err);
	assert_true(u.bytes_max == 30 * MIB && u.inodes_max == 500);
	assert_int_equal(crl_form_resize(&cat, data, 0, 1, &err), -ENOSPC);
	(void)close(data);
}

static bool has_resource(void)
{
	return prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE) == 1;
}

static void test_grow(void **state)
{
	struct crl_form_usage before, after;
	struct crl_err err = {0};
	int data;

	(void)state;
	begin();
	must(make(CRL_FORM_QUOTA_IMAGE, 24 * MIB, 0, &err), &err);
	data = open_data();
	must(crl_form_usage(&entry, data, &before, &err), &err);
	assert_int_equal(crl_form_resize(&entry, data, 16 * MIB, 0, &err), -EOPNOTSUPP);
	assert_int_equal(crl_form_resize(&entry, data, 4096, 0, &err), -ENOSPC);
	if (crl_form_resize(&entry, data, 300 * MIB, 0, &err) == -EPERM && !has_resource()) {
		(void)close(data);
		puts("no CAP_SYS_RESOURCE here: what is mounted is not grown");
		assert_int_equal(entry.owner.size, 24 * MIB);
		skip();
	}
	must(crl_form_usage(&entry, data, &after, &err), &err);
	assert_true(after.bytes_max > before.bytes_max + 250 * MIB);
	assert_true(after.inodes_max > before.inodes_max);
	assert_int_equal(entry.owner.size, 300 * MIB);
	must(crl_form_resize(&entry, data, 300 * MIB, 0, &err), &err);
	(void)close(data);
	data = open_data();
	must(crl_form_usage(&entry, data, &after, &err), &err);
	assert_true(after.bytes_max > before.bytes_max + 250 * MIB);
	(void)close(data);
}

/* One that is damaged is told, with what mends it. */
static void test_damaged(void **state)
{
	struct crl_err err = {0};
	int fd = -1;

	(void)state;
	begin();
	must(make(CRL_FORM_QUOTA_IMAGE, 20 * MIB, 0, &err), &err);
	shell("dd if=/dev/zero of=store/home/54321/fs.img bs=64k count=20 conv=notrunc 2>/dev/null");
	assert_true(crl_form_open(&entry, 3000, &fd, &err) < 0);
	assert_non_null(strstr(err.text, "e2fsck"));
}

static struct crl_form_wish wish;

static int act_make(void *arg)
{
	(void)arg;
	return crl_form_make(&entry, &wish, NULL);
}

/* Each system call fails, or the process is killed there; then it can be made all the same. keeps: store/form R1 */
static void test_each_call(void **state)
{
	static const struct crl_form_wish wishes[] = {
		{.quota = CRL_FORM_QUOTA_NONE},
		{.quota = CRL_FORM_QUOTA_IMAGE, .size = 16 * MIB},
	};

	(void)state;
	for (size_t w = 0; w < CRL_ARRAY_LEN(wishes); w++)
		for (int fault = 0; fault < 2; fault++)
			for (long n = 1, rc = 0; rc != FAULT_OVER; n++) {
				struct crl_err err = {0};
				int data;

				begin();
				wish = wishes[w];
				rc = fault_run(act_make, NULL, n, fault ? EIO : FAULT_KILL);
				must(crl_entry_read_owner(entry.dir, &entry.owner), &err);
				if (crl_form_make(&entry, &wish, &err) < 0)
					fail_msg("call %ld, fault %d: %s", n, fault, err.text);
				data = open_data();
				ready();
				(void)close(data);
				assert_true(rc != FAULT_OVER || n > 8);
			}
}

static int teardown(void **state)
{
	forget();
	shell("umount at ov 2>/dev/null || true");
	return scratch_remove(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),   cmocka_unit_test(test_refused),   cmocka_unit_test(test_one_device),
		cmocka_unit_test(test_full),    cmocka_unit_test(test_grow),      cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_project), cmocka_unit_test(test_each_call),
	};

	return cmocka_run_group_tests(tests, scratch_make, teardown);
}
