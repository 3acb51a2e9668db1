// SPDX-License-Identifier: Apache-2.0
/* Is an upper mounted, whatever locks say? Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../unit/scratch.h"
#include "../../unit/store/faults.h"
#include "base/compat.h"
#include "store/busy.h"
#include "store/form.h"
#include "store/form_place.h"
#include "store/lock.h"
#include "store/stack.h"

#define UID 54321

static struct crl_store store = {.dir = -EBADF};
static struct crl_entry entry = CRL_ENTRY_INIT;

static void must(int rc, const struct crl_err *err)
{
	if (rc < 0)
		fail_msg("%d: %s", rc, err->text);
}

static int begin(void **state)
{
	const struct crl_entry_key ana = {.uid = UID, .user = "ana"};
	const struct crl_stack_top top = {.uid = UID, .gid = UID, .mode = 0700};
	const struct crl_form_wish wish = {.quota = CRL_FORM_QUOTA_NONE};
	scoped_fd data = -EBADF;
	struct crl_err err = {0};
	char command[400];

	(void)state;
	(void)snprintf(command, sizeof(command), "cd %s && rm -rf store && mkdir -p lower at ov", scratch);
	assert_int_equal(system(command), 0);
	must(crl_store_open(at("store"), true, &store, &err), &err);
	store.path = scratch;
	must(crl_entry_open(&store, &ana, true, &entry, &err), &err);
	must(crl_entry_lock(&entry, 0, &err), &err);
	must(crl_form_make(&entry, &wish, &err), &err);
	must(crl_form_open(&entry, 0, &data, &err), &err);
	must(crl_stack_ready(data, &top, &err), &err);
	return 0;
}

static int end(void **state)
{
	(void)state;
	(void)umount2(at("ov"), MNT_DETACH);
	(void)umount2(at("at"), MNT_DETACH);
	crl_entry_done(&entry);
	crl_store_done(&store);
	return 0;
}

static void mount_overlay(const char *index)
{
	scoped_fd data = -EBADF;
	struct crl_err err = {0};
	char options[1024];

	must(crl_form_open(&entry, 0, &data, &err), &err);
	assert_int_equal(move_mount(data, "", AT_FDCWD, at("at"), MOVE_MOUNT_F_EMPTY_PATH), 0);
	(void)snprintf(options, sizeof(options), "lowerdir=%s/lower,upperdir=%s/at/up,workdir=%s/at/work,index=%s",
		       scratch, scratch, scratch, index);
	assert_int_equal(mount("overlay", at("ov"), "overlay", 0, options), 0);
	/* Where it comes from need not be mounted any more. */
	assert_int_equal(umount2(at("at"), MNT_DETACH), 0);
}

static void test_idle(void **state)
{
	scoped_fd data = -EBADF, up = -EBADF;
	struct crl_err err = {0};
	char value[64];

	(void)state;
	for (int i = 0; i < 3; i++)
		must(crl_entry_prove_idle(&entry, 0, &err), &err);
	must(crl_form_open(&entry, 0, &data, &err), &err);
	must(crl_stack_open_up(data, &up, &err), &err);
	assert_int_equal(fgetxattr(up, "trusted.overlay.origin", value, sizeof(value)), -1);
	/* After an overlay of its own, and a snapshot, the upper is another. */
	mount_overlay("off");
	assert_int_equal(umount(at("ov")), 0);
	must(crl_snapshot_take(data, "one", 1, 8, &err), &err);
	must(crl_entry_prove_idle(&entry, 0, &err), &err);
}

static void test_busy(void **state)
{
	struct crl_err err = {0};

	(void)state;
	mount_overlay("off");
	assert_int_equal(crl_entry_prove_idle(&entry, 100, &err), -EBUSY);
	assert_non_null(strstr(err.text, "is mounted"));
	assert_int_equal(umount(at("ov")), 0);
	must(crl_entry_prove_idle(&entry, 0, &err), &err);
	mount_overlay("on");
	assert_int_equal(crl_entry_prove_idle(&entry, 0, &err), -EBUSY);
}

/* A file system of a server that has never answered, in place of the data. */
static int mount_silent(const char *place)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[100];

	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (fd < 0 || mount("silent", place, "fuse", 0, options) < 0)
		return -errno;
	return fd;
}

/* A login that looks does not hang with the store. */
static void test_silent(void **state)
{
	struct crl_err err = {0};
	char data[64];
	int server;

	(void)state;
	(void)snprintf(data, sizeof(data), "/proc/self/fd/%d/" CRL_FORM_DATA, entry.dir);
	server = mount_silent(data);
	if (server < 0)
		skip();
	(void)alarm(60);
	assert_int_equal(crl_entry_prove_idle(&entry, 0, &err), -ETIMEDOUT);
	(void)alarm(0);
	assert_non_null(strstr(err.text, "does not answer"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	(void)close(server);
	assert_int_equal(umount2(data, MNT_DETACH), 0);
	must(crl_entry_prove_idle(&entry, 0, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_idle, begin, end),
		cmocka_unit_test_setup_teardown(test_busy, begin, end),
		cmocka_unit_test_setup_teardown(test_silent, begin, end),
	};

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
