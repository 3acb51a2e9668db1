// SPDX-License-Identifier: Apache-2.0
/* The host's mount table: which mount points came, went or are others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "helper/steward/mounts.h"

#define ROOT "20 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
#define DATA "31 20 8:2 / /data rw shared:2 - ext4 /dev/sdb1 rw\n"
#define USER "40 20 0:50 / /run/user/1000 rw - tmpfs tmpfs rw,mode=700\n"

static struct crl_mount_table table(const char *text)
{
	struct crl_mount_table t;

	assert_int_equal(crl_mount_table_parse(strdup(text), &t), 0);
	return t;
}

static void note(void *arg, const char *point)
{
	char *told = arg;

	strcat(told, point);
	strcat(told, "|");
}

static int compare(const char *before, const char *after, char told[8192])
{
	scoped(crl_mount_table) old = table(before), now = table(after);

	told[0] = '\0';
	return crl_mount_table_compare(&old, &now, note, told);
}

static void differ(const char *before, const char *after, const char *want)
{
	char told[8192];

	assert_true(compare(before, after, told) >= 0);
	assert_string_equal(told, want);
}

static void test_what_came_and_went(void **state)
{
	(void)state;
	differ(ROOT DATA, ROOT DATA, "");
	differ(ROOT DATA USER, USER ROOT DATA, ""); /* in another order */
	differ(ROOT, ROOT USER, "/run/user/1000|");
	differ(ROOT DATA USER, ROOT DATA, "/run/user/1000|");
	differ(ROOT DATA, ROOT USER, "/data|/run/user/1000|");
	differ("", ROOT, "/|");
}

static void test_what_replaced_another(void **state)
{
	(void)state;
	/* another number, device, root, options; one over the other; moved */
	differ(ROOT DATA, ROOT "32 20 8:2 / /data rw shared:2 - ext4 /dev/sdb1 rw\n", "/data|/data|");
	differ(ROOT DATA, ROOT "31 20 8:3 / /data rw shared:2 - ext4 /dev/sdb1 rw\n", "/data|/data|");
	differ(ROOT DATA, ROOT "31 20 8:2 /sub /data rw shared:2 - ext4 /dev/sdb1 rw\n", "/data|/data|");
	differ(ROOT DATA, ROOT "31 20 8:2 / /data ro shared:2 - ext4 /dev/sdb1 rw\n", "/data|/data|");
	differ(ROOT DATA, ROOT DATA "33 31 0:51 / /data rw - tmpfs none rw\n", "/data|");
	differ(ROOT DATA, ROOT "31 20 8:2 / /moved rw shared:2 - ext4 /dev/sdb1 rw\n", "/data|/moved|");
}

static void test_names_are_unescaped(void **state)
{
	(void)state;
	differ(ROOT, ROOT "50 20 0:60 / /a\\040b\\134c\\9 rw - tmpfs none rw\n", "/a b\\c\\9|");
}

static void test_what_is_not_understood_is_told(void **state)
{
	char told[8192], line[6000];

	(void)state;
	assert_int_equal(compare(ROOT, ROOT "50 20 0:60 /\n", told), -EBADMSG);
	assert_int_equal(compare(ROOT, ROOT "50 20 0:60 / /cut", told), -EBADMSG);
	assert_int_equal(compare(ROOT, ROOT "50 20 0:60 / net:[4026531840] rw - nsfs nsfs rw\n", told), -EBADMSG);
	(void)snprintf(line, sizeof(line), ROOT "50 20 0:60 / /%04500d rw - tmpfs none rw\n", 0);
	assert_int_equal(compare(ROOT, line, told), -EBADMSG);
}

static void test_it_is_read_from_its_start_each_time(void **state)
{
	scoped_fd fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	(void)state;
	for (int i = 0; i < 2; i++) {
		scoped(crl_mount_table) t = {.lines = 0};

		assert_int_equal(crl_mount_table_read(fd, &t), 0);
		assert_true(t.lines > 0);
	}
}

static void test_one_that_is_too_long_is_not_read(void **state)
{
	scoped_fd fd = memfd_create("mountinfo", MFD_CLOEXEC);
	scoped(crl_mount_table) t = {.lines = 0};

	(void)state;
	assert_int_equal(pwrite(fd, ROOT, sizeof(ROOT) - 1, 5 << 20), sizeof(ROOT) - 1);
	assert_int_equal(crl_mount_table_read(fd, &t), -EFBIG);
	assert_null(t.text);
	assert_int_equal(crl_mount_table_read(-EBADF, &t), -EBADF);
}

/* Whatever they say of themselves, by however many of them. */
/* keeps: helper/steward/mounts R1 */
static void test_fuse_mounts_of_users_are_not_in_it(void **state)
{
	static const char others[] =
		ROOT DATA "60 20 0:61 / /mnt/a rw - fuse.sshfs a:/ rw,user_id=0,group_id=0,allow_other\n"
			  "61 20 0:62 / /mnt/b rw - fuseblk /dev/sdc1 rw,user_id=0,group_id=0\n"
			  "62 20 0:63 / /sys/fs/fuse/connections rw - fusectl fusectl rw\n";
	scoped_fd fd = memfd_create("mountinfo", MFD_CLOEXEC);
	scoped(crl_mount_table) t = {.lines = 0};
	char told[8192] = "";

	(void)state;
	assert_int_equal(write(fd, others, sizeof(others) - 1), sizeof(others) - 1);
	for (int i = 0; i < 1000; i++)
		assert_true(dprintf(fd,
				    "%d 20 0:%d / /home/mallory/%04500d rw shared:9 - fuse.%01000d user_id=0,x "
				    "rw,nosuid,user_id=1000,group_id=1000\n",
				    100 + i, 100 + i, i, i) > 0);
	assert_int_equal(crl_mount_table_read(fd, &t), 0);
	assert_int_equal(t.lines, 5);
	assert_int_equal(crl_mount_table_compare(&t, &t, note, told), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_came_and_went),
		cmocka_unit_test(test_what_replaced_another),
		cmocka_unit_test(test_names_are_unescaped),
		cmocka_unit_test(test_what_is_not_understood_is_told),
		cmocka_unit_test(test_it_is_read_from_its_start_each_time),
		cmocka_unit_test(test_one_that_is_too_long_is_not_read),
		cmocka_unit_test(test_fuse_mounts_of_users_are_not_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
