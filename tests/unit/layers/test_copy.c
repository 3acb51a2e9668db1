// SPDX-License-Identifier: Apache-2.0
/* layers/copy.c: what a copy has of the original, and what it must not have. Needs no root. */
#include "layers/copy.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include <cmocka.h>

#include "base/dir.h"
#include "tests/unit/scratch.h"

/* u::rw-,g::rwx,o::--- and a named user, as the kernel has ACLs in attributes: version, then tag, perm, id each. */
static const uint8_t acl[] = {2, 0, 0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 2,   0,  4,
			      0, 1, 2,   0,   0,   4,   0,  7, 0,   255, 255, 255, 255, 16, 0,
			      7, 0, 255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255};

static int dir_fd = -EBADF;

static int make(void **state)
{
	if (scratch_make(state) || mkdir(at("to"), 0755))
		return -1;
	dir_fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0;
}

static int copy(const char *name, const char *as)
{
	struct crl_object_place to;
	scoped_fd fd = open(at("to"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	assert_int_equal(crl_object_place_at(fd, &to), 0);
	assert_int_equal(lstat(at(name), &st), 0);
	return crl_object_copy(dir_fd, name, &st, &to, as);
}

/* keeps: layers/copy R1 */
static void test_file(void **state)
{
	(void)state;
	const struct timespec times[2] = {{1000, 1}, {2000, 123456789}};
	struct stat st;
	char text[8] = "", value[8] = "";
	scoped_fd fd = -EBADF;

	write_file("file", "text");
	assert_int_equal(setxattr(at("file"), "user.note", "value", 5, 0), 0);
	assert_int_equal(chmod(at("file"), 06444), 0);
	assert_int_equal(utimensat(AT_FDCWD, at("file"), times, 0), 0);
	assert_int_equal(copy("file", "file"), 0);
	assert_int_equal(stat(at("to/file"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0444);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);
	assert_int_equal(st.st_size, 4);
	fd = open(at("to/file"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 4);
	assert_string_equal(text, "text");
	assert_int_equal(getxattr(at("to/file"), "user.note", value, sizeof(value)), 5);
	assert_string_equal(value, "value");
	assert_int_equal(copy("file", "file"), -EEXIST);
	assert_int_equal(stat(at("to/file"), &st), 0);
}

/* 1 MiB of data behind 64 MiB of nothing, and nothing behind it. */
static void test_holes(void **state)
{
	(void)state;
	enum { AT = 64 << 20, LEN = 1 << 20 };
	scoped_free char *data = malloc(LEN);
	scoped_free char *back = malloc(LEN);
	scoped_fd fd = open(at("holes"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	assert_true(data && back);
	for (size_t i = 0; i < LEN; i++)
		data[i] = (char)(i * 7 + i / 4096);
	assert_int_equal(pwrite(fd, data, LEN, AT), LEN);
	assert_int_equal(ftruncate(fd, 2 * AT), 0);
	assert_int_equal(copy("holes", "holes"), 0);
	drop_fd(&fd);
	fd = open(at("to/holes"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 2 * AT);
	assert_true(st.st_blocks * 512 < 4 * LEN);
	assert_int_equal(pread(fd, back, LEN, AT), LEN);
	assert_memory_equal(data, back, LEN);
}

static void test_link_and_fifo(void **state)
{
	(void)state;
	char target[32] = "";
	struct stat st;

	assert_int_equal(symlink("/nowhere", at("link")), 0);
	assert_int_equal(copy("link", "link"), 0);
	assert_true(readlink(at("to/link"), target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/nowhere");
	assert_int_equal(mkfifo(at("fifo"), 0640), 0);
	assert_int_equal(copy("fifo", "fifo"), 0);
	assert_int_equal(stat(at("to/fifo"), &st), 0);
	assert_int_equal(st.st_mode, S_IFIFO | 0640);
}

/* keeps: layers/copy R2 */
static void test_refused(void **state)
{
	(void)state;
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	scoped_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st, dev = {.st_mode = S_IFBLK | 0600, .st_rdev = 1};
	struct crl_object_place to = {.dir = dir_fd};

	assert_true(snprintf(name.sun_path, sizeof(name.sun_path), "%s", at("socket")) < (int)sizeof(name.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(copy("socket", "socket"), -EOPNOTSUPP);
	assert_int_equal(copy("to", "dir"), -EISDIR);
	assert_int_equal(crl_object_copy(dir_fd, "null", &dev, &to, "device"), -EOPNOTSUPP);
	assert_int_equal(copy("fifo", ".."), -EINVAL);
	assert_int_not_equal(lstat(at("to/socket"), &st), 0);
}

/* What is copied became something else since it was looked at: a link is not followed. */
static void test_changed(void **state)
{
	(void)state;
	struct crl_object_place to = {.dir = dir_fd};
	struct stat st;

	write_file("was", "text");
	write_file("secret", "secret");
	assert_int_equal(lstat(at("was"), &st), 0);
	assert_int_equal(unlink(at("was")), 0);
	assert_int_equal(symlink("secret", at("was")), 0);
	assert_int_equal(crl_object_copy(dir_fd, "was", &st, &to, "now"), -ESTALE);
	assert_int_not_equal(lstat(at("now"), &st), 0);
}

/* keeps: layers/copy R3 */
static void test_nothing_half(void **state)
{
	(void)state;
	struct rlimit was, small;
	struct stat st;

	write_file("large", "more than two bytes");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 2;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(copy("large", "large"), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_not_equal(lstat(at("to/large"), &st), 0);
}

static void test_acl(void **state)
{
	(void)state;
	uint8_t value[sizeof(acl)];
	struct stat st;

	write_file("acl", "");
	write_file("bare", "");
	assert_int_equal(setxattr(at("acl"), "system.posix_acl_access", acl, sizeof(acl), 0), 0);
	assert_int_equal(setxattr(at("to"), "system.posix_acl_default", acl, sizeof(acl), 0), 0);
	assert_int_equal(copy("acl", "acl"), 0);
	assert_int_equal(copy("bare", "bare"), 0);
	assert_int_equal(getxattr(at("to/acl"), "system.posix_acl_access", value, sizeof(value)), sizeof(acl));
	assert_memory_equal(value, acl, sizeof(acl));
	assert_int_equal(stat(at("to/acl"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0670);
	assert_true(getxattr(at("to/bare"), "system.posix_acl_access", value, sizeof(value)) < 0);
	assert_int_equal(stat(at("to/bare"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(removexattr(at("to"), "system.posix_acl_default"), 0);
}

static void test_dress(void **state)
{
	(void)state;
	const struct timespec times[2] = {{1000, 1}, {3000, 5}};
	scoped_fd from = -EBADF;
	scoped_fd to = -EBADF;
	struct stat st;
	char value[8];

	assert_int_equal(mkdir(at("from"), 0700) || mkdir(at("dressed"), 0500), 0);
	assert_int_equal(setxattr(at("from"), "user.a", "1", 1, 0), 0);
	from = open(at("from"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = open(at("dressed"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fchmod(to, 0755), 0);
	assert_int_equal(fsetxattr(to, "user.b", "2", 1, 0), 0);
	assert_int_equal(fchmod(to, 0500), 0);
	assert_int_equal(fchmod(from, 07751), 0);
	assert_int_equal(utimensat(AT_FDCWD, at("from"), times, 0), 0);
	assert_int_equal(fstat(from, &st), 0);
	assert_int_equal(crl_object_dress(from, to, &st, false), 0);
	assert_int_equal(fstat(to, &st), 0);
	assert_int_equal(st.st_mode & 07777, 03751);
	assert_int_equal(st.st_mtim.tv_sec, 3000);
	assert_int_equal(fgetxattr(to, "user.a", value, sizeof(value)), 1);
	assert_true(fgetxattr(to, "user.b", value, sizeof(value)) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),    cmocka_unit_test(test_holes),   cmocka_unit_test(test_link_and_fifo),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_changed), cmocka_unit_test(test_nothing_half),
		cmocka_unit_test(test_acl),     cmocka_unit_test(test_dress),
	};

	return cmocka_run_group_tests(tests, make, scratch_remove);
}
