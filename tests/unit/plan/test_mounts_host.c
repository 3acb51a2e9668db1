// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "plan/mounts/plan.h"

/* Read a text; the mounts found come back joined with '|'. */
static int read_text(const char *text, size_t len, char *joined, size_t size)
{
	struct crl_host h = {.mounts = NULL};
	struct crl_err err = {.code = 0};
	int fd = memfd_create("mountinfo", MFD_CLOEXEC);
	int rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	rc = crl_host_read_mounts(fd, &h, &err);
	assert_int_equal(rc, -err.code);
	assert_true(!rc || err.stage == CRL_STAGE_MOUNT);
	close(fd);
	joined[0] = '\0';
	for (size_t i = 0; i < h.mounts_len; i++) {
		strncat(joined, h.mounts[i], size - strlen(joined) - 1);
		strncat(joined, "|", size - strlen(joined) - 1);
	}
	crl_host_done(&h);
	return rc;
}

#define ROOT "1 0 8:1 / / rw - ext4 /dev/sda rw\n"

static void expect(const char *text, const char *want)
{
	char joined[8192];

	assert_int_equal(read_text(text, strlen(text), joined, sizeof(joined)), 0);
	assert_string_equal(joined, want);
}

static void test_order_and_escapes(void **state)
{
	(void)state;
	expect(ROOT "3 1 0:3 / /proc rw shared:5 master:1 - proc proc rw\n"
		    "2 1 0:4 / /a\\040b\\012c\\134d rw - tmpfs x\\040y rw\n",
	       "/|/proc|/a b\nc\\d|");
	expect(ROOT "2 1 0:4 / /x\\9 rw - tmpfs t rw\n", "/|/x\\9|");
	expect(ROOT "2 1 0:4 / /x rw shared:1 - tmpfs  rw\n", "/|/x|"); /* an empty source */
}

static void test_covered_and_cut_off(void **state)
{
	(void)state;
	/* stacked on the same place: the upper one is named once */
	expect(ROOT "2 1 0:2 / /m rw - tmpfs a rw\n3 2 0:3 / /m rw - tmpfs b rw\n", "/|/m|");
	/* beneath a place that was covered later, also when ids came in another order */
	expect(ROOT "9 1 0:2 / /a/b rw - tmpfs a rw\n3 1 0:3 / /a rw - tmpfs b rw\n", "/|/a|");
	/* on a covered one, not at its root */
	expect(ROOT "2 1 0:2 / /m rw - tmpfs a rw\n4 2 0:4 / /m/x rw - tmpfs c rw\n3 2 0:3 / /m rw - tmpfs b rw\n",
	       "/|/m|");
	/* moved: earlier in order, still reached through the later one */
	expect(ROOT "2 3 0:2 / /x/y rw - tmpfs a rw\n3 1 0:3 / /x rw - tmpfs b rw\n", "/|/x/y|/x|");
	/* a name that only begins alike does not stand in the way */
	expect(ROOT "2 1 0:2 / /ab rw - tmpfs a rw\n3 1 0:3 / /a rw - tmpfs b rw\n", "/|/ab|/a|");
	/* an over-mounted root */
	expect(ROOT "2 1 0:2 / /old rw - tmpfs a rw\n3 1 0:3 / / rw - tmpfs b rw\n4 3 0:4 / /new rw - tmpfs "
		    "c rw\n",
	       "/|/new|");
}

static void test_users_fuse(void **state)
{
	(void)state;
	expect(ROOT "2 1 0:2 / /f rw - fuse.sshfs x rw,user_id=1001,group_id=1\n3 2 0:3 / /f/in rw - tmpfs b rw\n"
		    "4 1 0:4 / /g rw - fuse.lxcfs x rw,user_id=0,group_id=0\n5 1 0:5 / /h rw - fuseblk x "
		    "rw,user_id=0\n",
	       "/|/g|/h|");
}

/* Where a name of a user's choice is not looked up without RESOLVE_CACHED. */
static void test_far(void **state)
{
	static const char text[] =
		ROOT "2 1 0:2 / /n rw - nfs4 server:/ rw\n3 1 0:3 / /f rw - fuse.x x rw,user_id=0\n"
		     "4 1 0:4 / /a rw - autofs m rw\n5 1 0:5 / /t rw - tmpfs t rw\n6 1 0:6 / /q rw - newfs x rw\n";
	struct crl_host h = {.mounts = NULL};
	struct crl_err err = {0};
	int fd = memfd_create("mountinfo", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(crl_host_read_mounts(fd, &h, &err), 0);
	assert_int_equal(h.far_len, 4);
	assert_string_equal(h.far[0], "/n");
	assert_string_equal(h.far[1], "/f");
	assert_string_equal(h.far[2], "/a");
	assert_string_equal(h.far[3], "/q");
	crl_host_done(&h);
	(void)close(fd);
}

static void test_noexec(void **state)
{
	static const char text[] = ROOT "2 1 0:2 / /tmp rw,nosuid,noexec - tmpfs t rw\n"
					"3 1 0:3 / /home rw,noexecx - ext4 d rw,noexec\n"
					"4 3 0:4 / /home/ana noexec,rw - ext4 e rw\n"
					"5 1 0:5 / /twice rw,noexec - tmpfs t rw\n6 5 0:6 / /twice rw - tmpfs t rw\n";
	struct crl_host h = {.mounts = NULL};
	struct crl_err err = {.code = 0};
	int fd = memfd_create("mountinfo", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(crl_host_read_mounts(fd, &h, &err), 0);
	close(fd);
	assert_true(crl_host_is_noexec(&h, "/tmp"));
	assert_true(crl_host_is_noexec(&h, "/tmp/below"));
	assert_false(crl_host_is_noexec(&h, "/tmpx"));
	assert_false(crl_host_is_noexec(&h, "/usr"));
	assert_false(crl_host_is_noexec(&h, "/home/bob"));
	assert_true(crl_host_is_noexec(&h, "/home/ana"));
	assert_false(crl_host_is_noexec(&h, "/twice")); /* the later one covers it */
	crl_host_done(&h);
	assert_false(crl_host_is_noexec(&h, "/tmp"));
}

static void test_damaged(void **state)
{
	static const char *const bad[] = {
		"x 0 8:1 / / rw - ext4 d rw\n",
		"1 0 8:1 / /\n",
		"1 0 8:1 / / rw\n",
		"1 0 8:1 / rel rw - t d rw\n",
		"1  0 8:1 / / rw - t d rw\n",
		"-1 0 8:1 / / rw - t d rw\n",
		"1 0 8:1 / / rw shared:1 t d rw\n",
		"99999999999999999999 0 8:1 / / rw - t d rw\n",
	};
	char joined[64];

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		assert_int_equal(read_text(bad[i], strlen(bad[i]), joined, sizeof(joined)), -EBADMSG);
	assert_int_equal(read_text("1 0 8:1 / / rw - t\0 d rw\n", 25, joined, sizeof(joined)), -EBADMSG);
	/* cut anywhere: an answer, no crash */
	for (size_t n = 0; n < strlen(ROOT); n++)
		(void)read_text(ROOT, n, joined, sizeof(joined));
	/* parents in a circle */
	assert_int_equal(
		read_text("1 2 0:1 / /a rw - t d rw\n2 1 0:1 / /a/b rw - t d rw\n", 50, joined, sizeof(joined)), 0);
	assert_string_equal(joined, "");
}

static void test_long_and_many(void **state)
{
	size_t size = 2 << 20;
	char *text = calloc(1, size);
	char *joined = calloc(1, size);
	size_t len = strlen(ROOT);
	size_t n = 1;

	(void)state;
	assert_non_null(text);
	assert_non_null(joined);
	memcpy(text, ROOT, len);
	len += (size_t)sprintf(text + len, "2 1 0:2 / /");
	memset(text + len, 'l', 4000);
	len += 4000;
	len += (size_t)sprintf(text + len, " rw - tmpfs t rw\n");
	for (int i = 3; i < 20000; i++)
		len += (size_t)sprintf(text + len, "%d %d 0:2 / /d%d/x rw - tmpfs t rw\n", i, 1, i);
	assert_int_equal(read_text(text, len, joined, size), 0);
	for (char *c = joined; *c; c++)
		n += *c == '|';
	assert_int_equal(n - 1, 19999);
	free(text);
	free(joined);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_escapes),
		cmocka_unit_test(test_covered_and_cut_off),
		cmocka_unit_test(test_users_fuse),
		cmocka_unit_test(test_noexec),
		cmocka_unit_test(test_far),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_long_and_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
