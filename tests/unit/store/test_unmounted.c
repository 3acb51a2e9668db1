// SPDX-License-Identifier: Apache-2.0
/* src/store/unmounted.c: what fstab(5) has and is not mounted, against what was never made. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../scratch.h"
#include "store/unmounted.h"

/* @mount  beneath scratch, in fstab; NULL = none */
static int ask(const char *path, const char *mount)
{
	char place[256], text[1024], name[256];
	struct crl_err err = {0};
	int rc;

	(void)snprintf(place, sizeof(place), "%s", at(path));
	(void)snprintf(text, sizeof(text),
		       "# one\n/dev/sda1 / ext4 defaults 0 1\nnone swap swap sw 0 0\n/dev/sdb1 %s%s %s\n",
		       mount ? scratch : "none", mount ? mount : "", "ext4 noauto 0 0");
	write_file("fstab", text);
	(void)snprintf(name, sizeof(name), "%s", at("fstab"));
	rc = crl_unmounted_refuse(name, place, &err);
	if (rc == -ENODEV)
		assert_non_null(strstr(err.text, "mounted"));
	return rc;
}

static void test_unmounted(void **state)
{
	(void)state;
	assert_int_equal(mkdir(at("disk"), 0755), 0);
	assert_int_equal(mkdir(at("disk/store"), 0700), 0);
	assert_int_equal(symlink("disk", at("to")), 0);
	assert_int_equal(symlink("nowhere", at("loose")), 0);

	/* nothing of fstab's is at or above it */
	assert_int_equal(ask("store", NULL), 0);
	assert_int_equal(ask("disk/new", "/disk2"), 0);
	/* above it, at it, by a link */
	assert_int_equal(ask("disk/new", "/disk"), -ENODEV);
	assert_int_equal(ask("disk/store", "/disk/store"), -ENODEV);
	assert_int_equal(ask("to/new", "/disk"), -ENODEV);
	/* where it would be is not there */
	assert_int_equal(ask("none/store", NULL), -ENODEV);
	assert_int_equal(ask("loose", NULL), -ENODEV);
	assert_int_equal(ask("loose/store", NULL), -ENODEV);
}

static void test_mounted(void **state)
{
	struct crl_err err = {0};

	(void)state;
	write_file("fstab", "proc /proc proc defaults 0 0\n");
	assert_int_equal(crl_unmounted_refuse(at("fstab"), "/proc/store", &err), 0);
	assert_int_equal(crl_unmounted_refuse(at("none"), "/proc/store", &err), 0); /* no fstab */
}

/* There "/" is no mount's root. */
static void test_chroot(void **state)
{
	struct crl_err err = {0};
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	write_file("fstab", "/dev/sda1 / ext4 defaults 0 1\n");
	pid = fork();
	if (pid == 0)
		_exit(chroot(scratch) < 0 || chdir("/") < 0 || crl_unmounted_refuse("/fstab", "/store", &err) != 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unmounted),
		cmocka_unit_test(test_mounted),
		cmocka_unit_test(test_chroot),
	};

	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
