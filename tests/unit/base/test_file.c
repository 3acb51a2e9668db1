// SPDX-License-Identifier: Apache-2.0
/* base/file.c; crl_file_read_all() is in test_path.c, with what opens the files that it reads. */
#include "base/file.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top_path[] = "/tmp/crl-file.XXXXXX";
static int top = -EBADF;

static void make_file(const char *name, const char *text)
{
	scoped_fd fd = openat(top, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_text(const char *name, const char *want)
{
	char text[64];

	assert_int_equal(crl_file_read(top, name, text, sizeof(text)), strlen(want));
	assert_string_equal(text, want);
}

static void test_read(void **state)
{
	(void)state;
	char text[5] = "full";

	make_file("a", "1234567");
	assert_int_equal(symlinkat("a", top, "link"), 0);
	assert_int_equal(crl_file_read(top, "a", text, sizeof(text)), 4);
	assert_string_equal(text, "1234");
	assert_int_equal(crl_file_read(top, "nowhere", text, sizeof(text)), -ENOENT);
	assert_string_equal(text, "");
	assert_int_equal(crl_file_read(top, "link", text, sizeof(text)), -ELOOP);
	assert_int_equal(crl_file_read(top, ".", text, sizeof(text)), -EISDIR);
	assert_string_equal(text, "");
}

static int number(const char *text, uint64_t *ret)
{
	make_file("number", text);
	return crl_file_read_number(top, "number", ret);
}

static void test_number(void **state)
{
	(void)state;
	uint64_t n = 7;

	assert_int_equal(number("max\n", &n), -EBADMSG);
	assert_int_equal(number("", &n), -EBADMSG);
	assert_int_equal(number("12 13\n", &n), -EBADMSG);
	assert_int_equal(number("-1\n", &n), -EBADMSG);
	assert_int_equal(number("18446744073709551616\n", &n), -EBADMSG);
	assert_int_equal(n, 7);
	assert_int_equal(number("0\n", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(number("18446744073709551615\n", &n), 0);
	assert_true(n == UINT64_MAX);
	assert_int_equal(number("42", &n), 0);
	assert_int_equal(n, 42);
	assert_int_equal(crl_file_read_number(top, "nowhere", &n), -ENOENT);
}

static void test_write(void **state)
{
	(void)state;
	make_file("a", "old");
	assert_int_equal(crl_file_write(top, "a", "new"), 0);
	assert_text("a", "new");
	assert_int_equal(crl_file_write(top, "nowhere", "new"), -ENOENT); /* makes none */
}

static int replace(const char *name, const char *text, bool durable)
{
	return crl_file_replace(top, &(struct crl_file){.name = name,
							.beside = "beside",
							.data = text,
							.len = strlen(text),
							.mode = 0640,
							.durable = durable});
}

static void test_replace(void **state)
{
	(void)state;
	mode_t mask = umask(0277); /* which takes nothing from the mode that is asked for */
	struct stat before, after;

	make_file("beside", "left over");
	assert_int_equal(replace("fresh", "one", false), 0);
	assert_text("fresh", "one");
	assert_int_equal(fstatat(top, "fresh", &before, 0), 0);
	assert_int_equal(before.st_mode & 07777, 0640);
	assert_int_equal(replace("fresh", "two", true), 0);
	assert_text("fresh", "two");
	assert_int_equal(fstatat(top, "fresh", &after, 0), 0);
	assert_int_not_equal(before.st_ino, after.st_ino); /* who has the old one open goes on reading it */
	assert_int_equal(faccessat(top, "beside", F_OK, 0), -1);
	(void)umask(mask);
}

/* Neither half a file nor what it was to be called is left. */
static void test_replace_fails(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(top, "directory", 0700), 0);
	assert_int_equal(replace("directory", "text", false), -EISDIR);
	assert_int_equal(faccessat(top, "beside", F_OK, 0), -1);
	assert_int_equal(mkdirat(top, "beside", 0700), 0);
	assert_int_equal(replace("a", "text", false), -EISDIR);
	assert_int_equal(unlinkat(top, "beside", AT_REMOVEDIR), 0);
	assert_text("a", "new");
}

/* What a link at the name beside leads to is not written. */
static void test_replace_link(void **state)
{
	(void)state;
	make_file("victim", "mine");
	assert_int_equal(symlinkat("victim", top, "beside"), 0);
	assert_int_equal(replace("fresh", "three", false), 0);
	assert_text("victim", "mine");
	assert_text("fresh", "three");
}

static int make_top(void **state)
{
	(void)state;
	if (!mkdtemp(top_path))
		return -1;
	top = open(top_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

static int remove_top(void **state)
{
	char command[PATH_MAX];

	(void)state;
	drop_fd(&top);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", top_path);
	return system(command);
}

/* A pipe has no size, and gives what there is in pieces. */
static void test_sizeless(void **state)
{
	static char sent[20000];
	char *text = NULL;
	int ends[2];

	(void)state;
	memset(sent, 'x', sizeof(sent));
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], sent, sizeof(sent)), sizeof(sent));
	close(ends[1]);
	assert_int_equal(crl_file_read_sizeless(ends[0], 32768, &text), 0);
	assert_int_equal(strlen(text), sizeof(sent));
	free(text);
	close(ends[0]);

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], sent, sizeof(sent)), sizeof(sent));
	close(ends[1]);
	assert_int_equal(crl_file_read_sizeless(ends[0], 16384, &text), -EFBIG);
	close(ends[0]);
	assert_int_equal(crl_file_read_sizeless(ends[0], 16384, &text), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),         cmocka_unit_test(test_number),
		cmocka_unit_test(test_sizeless),     cmocka_unit_test(test_write),
		cmocka_unit_test(test_replace),      cmocka_unit_test(test_replace_fails),
		cmocka_unit_test(test_replace_link),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
