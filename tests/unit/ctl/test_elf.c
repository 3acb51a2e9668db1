// SPDX-License-Identifier: Apache-2.0
/* src/ctl/image/elf.c: what a program needs, and files that only look like one. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/image/elf.h"

static int file_of(const void *data, size_t len)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	return fd;
}

/* This program: it is loaded by something, and needs libc and what it is tested with. */
static void test_itself(void **state)
{
	scoped_fd fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	scoped(ctl_elf) e = {.needed.len = 0};

	(void)state;
	assert_int_equal(ctl_elf_read(fd, &e), 0);
	assert_int_equal(e.loader[0], '/');
	assert_true(access(e.loader, X_OK) == 0);
	assert_true(crl_words_has(&e.needed, "libc.so.6") || e.needed.len > 0);
}

static void test_others(void **state)
{
	static const char script[] = "#!/bin/sh\n";
	uint8_t head[4096] = {0};
	scoped_fd exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), text = file_of(script, sizeof(script)),
		  empty = file_of("", 0), other = -EBADF, cut = -EBADF;
	ElfW(Ehdr) *e = (void *)head;
	struct ctl_elf ret;

	(void)state;
	assert_int_equal(ctl_elf_read(text, &ret), -ENOEXEC);
	assert_int_equal(ctl_elf_read(empty, &ret), -ENOEXEC);
	assert_int_equal(ctl_elf_read(-1, &ret), -EBADF);
	assert_int_equal(read(exe, head, sizeof(head)), sizeof(head));
	e->e_machine ^= 0x40;
	other = file_of(head, sizeof(head));
	assert_int_equal(ctl_elf_read(other, &ret), -EXDEV);
	e->e_machine ^= 0x40;
	cut = file_of(head, sizeof(*e) + 10);
	assert_int_equal(ctl_elf_read(cut, &ret), -EBADMSG);
	ctl_elf_done(&ret);
}

/* Each byte of the headers and of the dynamic section another: an answer, whichever, and nothing outside of bounds. */
static void test_damaged(void **state)
{
	scoped_fd exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = -EBADF;
	scoped_free uint8_t *data = NULL;
	size_t damaged = 0;
	struct stat st;

	(void)state;
	assert_int_equal(fstat(exe, &st), 0);
	data = malloc((size_t)st.st_size);
	assert_non_null(data);
	assert_int_equal(read(exe, data, (size_t)st.st_size), st.st_size);
	fd = file_of(data, (size_t)st.st_size);
	for (off_t at = 0; at < 1024; at++) {
		scoped(ctl_elf) e = {.needed.len = 0};
		const uint8_t odd = data[at] ^ 0xff;

		assert_int_equal(pwrite(fd, &odd, 1, at), 1);
		damaged += ctl_elf_read(fd, &e) < 0;
		assert_int_equal(pwrite(fd, data + at, 1, at), 1);
	}
	assert_true(damaged > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_itself), cmocka_unit_test(test_others),
					   cmocka_unit_test(test_damaged)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
