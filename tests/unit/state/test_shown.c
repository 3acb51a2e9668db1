// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/procstat.h"
#include "state/rooms/record.h"
#include "state/rooms/shown.h"
#include "tests/unit/scratch.h"

#define HEAD "version=1\nroom=abcdefgh\nuid=1000\ninit=7 70\nsupervisor=6 60\nns=4026531841\n"

static int state_dir = -EBADF;
static struct crl_state state_of = {-EBADF, -EBADF, -EBADF};

static struct crl_mount_op ops[] = {
	{.kind = CRL_MOUNT_PROC, .target = "/proc"},
	{.kind = CRL_MOUNT_OFFER,
	 .source = "/run/nscd",
	 .target = "/run/nscd",
	 .flags = CRL_OP_OPTIONAL | CRL_OP_PLACE,
	 .place = "run/nscd",
	 .place_tree = CRL_TREE_SYSTEM},
	{.kind = CRL_MOUNT_BIND, .source = "/srv/with space", .target = "/srv/x", .flags = CRL_OP_WRITABLE},
	{.kind = CRL_MOUNT_BIND, .source = "/srv/with\nshow=bind\t2\t0\t/\t/srv\t", .target = "/srv/y"},
	{.kind = CRL_MOUNT_HIDE, .target = "/root"},
	{.kind = CRL_MOUNT_WRITABLE, .source = "/data", .target = "/data"}, /* the home would go with it */
	{.kind = CRL_MOUNT_HOME, .target = "/data/home/ana"},
	/* Of what has another name on the host nobody would find what is to be covered. */
	{.kind = CRL_MOUNT_BIND, .source = "/srv/a", .target = "/srv/b"},
	{.kind = CRL_MOUNT_HIDE, .target = "/srv/b/hidden"},
};
static const struct crl_mount_plan plan = {.op = ops, .len = sizeof(ops) / sizeof(ops[0])};

static void test_written_is_read(void **state)
{
	const struct crl_showing head = {.id = "abcdefgh",
					 .uid = 1000,
					 .init = getpid(),
					 .init_start = crl_process_start(getpid()),
					 .supervisor = 6,
					 .supervisor_start = 60,
					 .ns = 5};
	struct crl_showing got;
	char *text = NULL;
	int dir;

	(void)state;
	assert_int_equal(crl_shown_print(&plan, &text), 0);
	assert_int_equal(crl_shown_write(state_dir, &head, text), 0);
	free(text);
	dir = crl_shown_open(state_dir, false);
	assert_true(dir >= 0);
	assert_int_equal(crl_shown_load(dir, "abcdefgh", &got), 0);
	assert_int_equal(got.uid, 1000);
	assert_int_equal(got.ns, 5);
	assert_true(crl_shown_lives(&got));
	assert_int_equal(got.entries, 4); /* not the room's own, nor one that would pass for another */
	assert_int_equal(got.entry[0].kind, CRL_MOUNT_OFFER);
	assert_int_equal(got.entry[0].tree, CRL_TREE_SYSTEM);
	assert_int_equal(got.entry[0].flags, CRL_OP_OPTIONAL | CRL_OP_PLACE);
	assert_string_equal(got.entry[1].source, "/srv/with space");
	assert_string_equal(got.entry[1].target, "/srv/x");
	assert_int_equal(got.entry[1].tree, CRL_TREE_NONE);
	assert_int_equal(got.entry[2].kind, CRL_MOUNT_HIDE);
	assert_string_equal(got.entry[2].source, "");
	crl_shown_done(&got);
	assert_int_equal(crl_shown_load(dir, "bcdefghi", &got), -ENOENT);
	crl_shown_sweep(&state_of);
	assert_int_equal(faccessat(dir, "abcdefgh", F_OK, 0), 0); /* its init, this process, lives */
	crl_shown_remove(state_dir, "abcdefgh");
	assert_int_equal(faccessat(dir, "abcdefgh", F_OK, 0), -1);
	(void)close(dir);
}

static void test_of_the_dead_goes(void **state)
{
	const struct crl_showing dead = {.id = "cdefghij", .init = getpid(), .init_start = 1, .supervisor = 6};
	int dir, lock = -EBADF;

	(void)state;
	(void)close(openat(state_of.rooms, "abcdefgh.lock", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(crl_shown_write(state_dir, &dead, ""), 0);
	dir = crl_shown_open(state_dir, false);
	(void)close(openat(dir, "abcdefgh.new", O_CREAT | O_WRONLY, 0600));
	(void)close(openat(dir, "bcdefghi.new", O_CREAT | O_WRONLY, 0600));
	(void)close(openat(dir, "defghijk", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(crl_state_lock(&state_of, "bcdefghi", LOCK_EX, &lock), 0);
	crl_shown_sweep(&state_of);
	assert_int_equal(faccessat(dir, "cdefghij", F_OK, 0), -1);
	assert_int_equal(faccessat(dir, "abcdefgh.new", F_OK, 0), -1);
	assert_int_equal(faccessat(state_of.rooms, "abcdefgh.lock", F_OK, 0), 0); /* it can say where cgroups are */
	assert_int_equal(faccessat(dir, "bcdefghi.new", F_OK, 0), 0); /* somebody is at it */
	assert_int_equal(faccessat(dir, "defghijk", F_OK, 0), -1);
	(void)close(dir);
	(void)close(lock);
}

static int parse(const char *text)
{
	struct crl_showing s;
	int rc = crl_shown_parse(strdup(text), &s);

	if (rc == 0)
		crl_shown_done(&s);
	return rc;
}

static void test_refuses(void **state)
{
	(void)state;
	assert_int_equal(parse(HEAD "end=1\n"), 0);
	assert_int_equal(parse(HEAD "later=yes\nshow=later\t0\t0\t/a\t/b\t\nend=1\n"), 0);
	assert_int_equal(parse(HEAD), -EBADMSG);
	assert_int_equal(parse(""), -EBADMSG);
	assert_int_equal(parse(HEAD "nonsense\nend=1\n"), -EBADMSG);
	assert_int_equal(parse(HEAD "show=bind\t0\t0\t/a\nend=1\n"), -EBADMSG);
	assert_int_equal(parse(HEAD "show=bind\t0\t0\t/a\t/b\t\t\nend=1\n"), -EBADMSG);
	assert_int_equal(parse(HEAD "show=bind\t0\t99\t/a\t/b\t\nend=1\n"), -EBADMSG);
	assert_int_equal(parse(HEAD "show=bind\t0\t0\t/a\t\t\nend=1\n"), -EBADMSG);
	assert_int_equal(parse("room=../../x\ninit=7 70\nsupervisor=6 60\nend=1\n"), -EBADMSG);
}

static int set_up(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	state_dir = state_of.dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state_dir < 0 || mkdirat(state_dir, "rooms", 0700) < 0)
		return -1;
	state_of.rooms = openat(state_dir, "rooms", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return state_dir < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written_is_read),
		cmocka_unit_test(test_of_the_dead_goes),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, set_up, scratch_remove);
}
