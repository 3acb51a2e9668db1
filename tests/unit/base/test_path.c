// SPDX-License-Identifier: Apache-2.0
/*
 * Every guard of crl_path_open_trusted(). Needs a directory whose parents pass: /tmp does, being sticky and
 * root's. Cases about another owner need root and are skipped, with the reason, without.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"

#define NOBODY 65534

static char top[] = "/tmp/carrel-path-XXXXXX";

static const char *at(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", top, name);
	return path[turn];
}

static void make_file(const char *name, mode_t mode)
{
	scoped_fd fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "text", 4), 4);
	assert_int_equal(fchmod(fd, mode), 0);
}

static int try_open(const char *path, enum crl_path_kind kind, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	int rc = crl_path_open_trusted(path, kind, CRL_STAGE_CONFIG, &fd, err);

	assert_true(rc < 0 ? fd == -EBADF : fd >= 0);
	if (rc == 0)
		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	return rc;
}

static void refused(const char *path, enum crl_path_kind kind, int code, const char *part)
{
	struct crl_err err = {0};
	int rc = try_open(path, kind, &err);

	if (rc != -code || err.code != code || err.stage != CRL_STAGE_CONFIG || !strstr(err.text, part))
		fail_msg("%s: %d \"%s\", expected %d \"%s\"", path, rc, err.text, -code, part);
}

static bool is_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: needs root to give files away\n");
		return false;
	}
	return true;
}

static void test_good(void **state)
{
	struct crl_err err = {0};

	(void)state;
	make_file("good", 0644);
	assert_int_equal(try_open(at("good"), CRL_PATH_FILE, &err), 0);
	assert_int_equal(try_open(top, CRL_PATH_DIR, &err), 0);
	assert_int_equal(try_open("/", CRL_PATH_DIR, &err), 0);
	assert_int_equal(mkdir(at("dir"), 0755), 0);
	assert_int_equal(try_open(at("dir/"), CRL_PATH_DIR, &err), 0);
}

static void test_kinds(void **state)
{
	(void)state;
	refused("relative", CRL_PATH_FILE, EINVAL, "absolute");
	refused(at("missing"), CRL_PATH_FILE, ENOENT, "missing");
	refused(top, CRL_PATH_FILE, EPERM, "a directory");
	refused("/", CRL_PATH_FILE, EPERM, "a directory");
	refused("/dev/null", CRL_PATH_FILE, EPERM, "a device");
	make_file("plain", 0644);
	refused(at("plain"), CRL_PATH_DIR, ENOTDIR, "a regular file");
	refused(at("plain/x"), CRL_PATH_FILE, ENOTDIR, "a regular file");
	assert_int_equal(mkfifo(at("fifo"), 0644), 0);
	refused(at("fifo"), CRL_PATH_FILE, EPERM, "a FIFO"); /* and does not hang */
}

static void test_modes(void **state)
{
	(void)state;
	make_file("group", 0664);
	refused(at("group"), CRL_PATH_FILE, EPERM, "mode 0664");
	make_file("world", 0646);
	refused(at("world"), CRL_PATH_FILE, EPERM, "mode 0646");
	make_file("linked", 0644);
	assert_int_equal(link(at("linked"), at("second")), 0);
	refused(at("linked"), CRL_PATH_FILE, EPERM, "2 hard links");
	make_file("large", 0644);
	assert_int_equal(truncate(at("large"), CRL_FILE_MAX), 0);
	assert_int_equal(try_open(at("large"), CRL_PATH_FILE, NULL), 0);
	assert_int_equal(truncate(at("large"), CRL_FILE_MAX + 1), 0);
	refused(at("large"), CRL_PATH_FILE, EFBIG, "expected at most");
}

static void test_parents(void **state)
{
	(void)state;
	assert_int_equal(mkdir(at("open"), 0700), 0);
	assert_int_equal(mkdir(at("open/below"), 0755), 0);
	make_file("open/below/file", 0644);
	assert_int_equal(try_open(at("open/below/file"), CRL_PATH_FILE, NULL), 0);
	assert_int_equal(chmod(at("open"), 0777), 0);
	refused(at("open/below/file"), CRL_PATH_FILE, EPERM, "directory \"open\" with mode 0777");
	refused(at("open/below"), CRL_PATH_DIR, EPERM, "directory \"open\"");
	refused(at("open"), CRL_PATH_DIR, EPERM, "directory \"open\"");
	assert_int_equal(chmod(at("open"), 0775), 0);
	refused(at("open/below/file"), CRL_PATH_FILE, EPERM, "mode 0775");
	assert_int_equal(chmod(at("open"), 01777), 0);
	assert_int_equal(try_open(at("open/below/file"), CRL_PATH_FILE, NULL), 0);
}

static void test_owners(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	make_file("foreign", 0644);
	assert_int_equal(chown(at("foreign"), NOBODY, 0), 0);
	refused(at("foreign"), CRL_PATH_FILE, EPERM, "owned by uid 65534");
	assert_int_equal(mkdir(at("theirs"), 0755), 0);
	make_file("theirs/file", 0644);
	assert_int_equal(chown(at("theirs"), NOBODY, 0), 0);
	refused(at("theirs/file"), CRL_PATH_FILE, EPERM, "\"theirs\" owned by uid 65534");
	refused(at("theirs"), CRL_PATH_DIR, EPERM, "owned by uid 65534");
}

static void test_links(void **state)
{
	(void)state;
	make_file("target", 0644);
	assert_int_equal(symlink("target", at("link")), 0);
	assert_int_equal(try_open(at("link"), CRL_PATH_FILE, NULL), 0);
	assert_int_equal(symlink(at("link"), at("absolute")), 0);
	assert_int_equal(try_open(at("absolute"), CRL_PATH_FILE, NULL), 0);
	assert_int_equal(symlink("self", at("self")), 0);
	refused(at("self"), CRL_PATH_FILE, ELOOP, "symbolic links");
	make_file("bad", 0666);
	assert_int_equal(symlink("bad", at("to-bad")), 0);
	refused(at("to-bad"), CRL_PATH_FILE, EPERM, "mode 0666");
	assert_int_equal(symlink("/dev/null", at("to-device")), 0);
	refused(at("to-device"), CRL_PATH_FILE, EPERM, "a device");
	if (!is_root())
		return;
	assert_int_equal(symlink("target", at("their-link")), 0);
	assert_int_equal(lchown(at("their-link"), NOBODY, NOBODY), 0);
	refused(at("their-link"), CRL_PATH_FILE, EPERM, "owned by uid 65534");
}

static void test_read_all(void **state)
{
	scoped_free char *text = NULL;
	scoped_fd fd = -EBADF;
	size_t len = 0;

	(void)state;
	make_file("text", 0644);
	assert_int_equal(crl_path_open_trusted(at("text"), CRL_PATH_FILE, CRL_STAGE_CONFIG, &fd, NULL), 0);
	assert_int_equal(crl_file_read_all(fd, &text, &len), 0);
	assert_int_equal(len, 4);
	assert_string_equal(text, "text");
	drop_fd(&fd);
	/* A size the kernel does not tell: as if it grew while it was read. */
	fd = open("/proc/version", O_RDONLY | O_CLOEXEC);
	assert_int_equal(crl_file_read_all(fd, &text, &len), -EFBIG);
}

static void test_faults(void **state)
{
	(void)state;
	assert_null(crl_path_fault("/"));
	assert_null(crl_path_fault("/a/b.c/..d/.e"));
	assert_non_null(crl_path_fault(""));
	assert_non_null(crl_path_fault("a"));
	assert_non_null(crl_path_fault("//"));
	assert_non_null(crl_path_fault("/a//b"));
	assert_non_null(crl_path_fault("/a/"));
	assert_non_null(crl_path_fault("/."));
	assert_non_null(crl_path_fault("/a/./b"));
	assert_non_null(crl_path_fault("/a/.."));
	assert_non_null(crl_path_fault("/../a"));
}

static void test_within(void **state)
{
	(void)state;
	assert_true(crl_path_is_within("/a", "/a"));
	assert_true(crl_path_is_within("/a/b", "/a"));
	assert_true(crl_path_is_within("/a", "/"));
	assert_false(crl_path_is_within("/ab", "/a"));
	assert_false(crl_path_is_within("/", "/a"));
	assert_true(crl_path_is_within("/", "/"));
	assert_true(crl_path_is_within("a/b", "a"));
	assert_false(crl_path_is_within("b/a", "a"));
	assert_false(crl_path_is_within("a", "/"));
}

static int remove_top(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", top);
	return system(command);
}

static int make_top(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),     cmocka_unit_test(test_kinds),  cmocka_unit_test(test_modes),
		cmocka_unit_test(test_parents),  cmocka_unit_test(test_owners), cmocka_unit_test(test_links),
		cmocka_unit_test(test_read_all), cmocka_unit_test(test_faults), cmocka_unit_test(test_within),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
