// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/limits/device.h"
#include "tests/unit/scratch.h"

#define USER 54321

/* A disk at "/" and what is mounted below the scratch directory; none of these numbers is a device of this host. */
static void mounts(void)
{
	char text[4096];

	(void)snprintf(text, sizeof(text),
		       "1 0 1999:0 / / rw shared:1 - ext4 /dev/root rw\n"
		       "2 1 1998:1 / %s/disk rw - xfs /dev/a rw\n"
		       "3 1 1998:2 /sub %s/two\\040words rw,nosuid shared:7 master:1 - ext4 /dev/b rw\n"
		       "4 1 0:44 / %s/net rw - nfs4 server:/x rw\n"
		       "5 4 1997:1 / %s/net/deep rw - ext4 /dev/c rw\n"
		       "6 1 1996:1 / %s/top rw - ext4 /dev/d rw\n"
		       "7 6 1996:2 / %s/top rw - ext4 /dev/e rw\n"
		       "8 1 1995:1 / %s/windows rw - fuseblk /dev/f rw\n"
		       "9 1 0:45 / %s/memory rw - tmpfs none rw\n",
		       scratch, scratch, scratch, scratch, scratch, scratch, scratch, scratch);
	write_file("mountinfo", text);
}

static int find(const char *name, uint32_t *ret_major, uint32_t *ret_minor)
{
	char path[256], list[256];

	(void)snprintf(path, sizeof(path), "%s", at(name));
	(void)snprintf(list, sizeof(list), "%s", at("mountinfo"));
	return crl_device_of(list, path, ret_major, ret_minor);
}

static void finds(const char *name, uint32_t want_major, uint32_t want_minor)
{
	uint32_t major_nr = 0, minor_nr = 0;

	if (find(name, &major_nr, &minor_nr) != 0 || major_nr != want_major || minor_nr != want_minor)
		fail_msg("%s: %u:%u", name, major_nr, minor_nr);
}

static void refuses(const char *name, int code)
{
	uint32_t major_nr = 7, minor_nr = 7;
	int rc = find(name, &major_nr, &minor_nr);

	if (rc != code || major_nr != 7 || minor_nr != 7)
		fail_msg("%s: %d", name, rc);
}

static void make_dir(const char *name)
{
	assert_int_equal(mkdir(at(name), 0755), 0);
}

static void test_mounts(void **state)
{
	static const char *const dirs[] = {"disk", "disk/x", "diskette", "two words", "two words/x",
					   "net",  "top",    "windows",  "memory",    "memory/x"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++)
		make_dir(dirs[i]);
	mounts();
	finds("", 1999, 0);
	finds("disk", 1998, 1);
	finds("disk/x", 1998, 1);
	finds("disk//x/", 1998, 1);
	finds("diskette", 1999, 0);
	finds("two words/x", 1998, 2);
	finds("top", 1996, 2);
	refuses("memory/x", -ENODEV);
	refuses("disk/missing", -ENOENT);
}

/* What a server or a program answers for is not asked: that these are not there is not even seen. */
static void test_not_asked(void **state)
{
	(void)state;
	refuses("net/missing", -ENODEV);
	finds("net/deep", 1997, 1);
	finds("net/deep/missing", 1997, 1);
	finds("windows/missing", 1995, 1);
}

/* keeps: apply/limits/device R1 R2 */
static void test_user_territory(void **state)
{
	(void)state;
	make_dir("homes");
	make_dir("homes/ana");
	make_dir("homes/ana/data");
	assert_int_equal(symlink("/", at("homes/root")), 0);
	assert_int_equal(mkfifo(at("homes/fifo"), 0600), 0);
	refuses("homes/root", -ELOOP);
	refuses("homes/root/etc", -ELOOP);
	finds("homes/fifo", 1999, 0);
	finds("homes/ana/data", 1999, 0);
	if (geteuid() != 0) {
		(void)fprintf(stderr, "the rest needs root\n");
		return;
	}
	assert_int_equal(chown(at("homes/ana"), USER, USER), 0);
	finds("homes/ana", 1999, 0);
	refuses("homes/ana/data", -EPERM);
	refuses("homes/ana/missing", -EPERM);
}

static void test_lists(void **state)
{
	uint32_t n;

	(void)state;
	write_file("mountinfo", "1 0 8:1 / / rw\n");
	refuses("disk", -EBADMSG);
	write_file("mountinfo", "1 0 x / / rw - ext4 a rw\n");
	refuses("disk", -EBADMSG);
	write_file("mountinfo", "");
	refuses("disk", -ENODEV);
	assert_int_equal(crl_device_of("/nonexistent", "/", &n, &n), -ENOENT);
	assert_int_equal(crl_device_find("/proc", &n, &n), -ENODEV);
	assert_int_equal(crl_device_find("/proc/self/fd", &n, &n), -ENODEV); /* links, and yet not looked at */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_not_asked),
		cmocka_unit_test(test_user_territory),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
