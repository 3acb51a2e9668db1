// SPDX-License-Identifier: Apache-2.0
/* The public layer: who may read what by its attributes, and lists that are read back as they were written. */
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/public_list.h"
#include "store/public_mounts.h"
#include "store/public_rule.h"

static bool is_open(mode_t mode)
{
	return crl_public_is_by_mode(&(struct stat){.st_mode = mode});
}

/* Each of the 512 modes: public is what all three may read, of directories what all three may list and go through. */
static void test_modes(void **state)
{
	(void)state;
	for (mode_t mode = 0; mode < 01000; mode++) {
		assert_int_equal(is_open(S_IFREG | mode), (mode & 0444) == 0444);
		assert_int_equal(is_open(S_IFREG | 07000 | mode), (mode & 0444) == 0444);
		assert_int_equal(is_open(S_IFDIR | mode), (mode & 0555) == 0555);
		assert_true(is_open(S_IFLNK | mode));
		assert_false(is_open(S_IFIFO | mode));
		assert_false(is_open(S_IFSOCK | mode));
		assert_false(is_open(S_IFCHR | mode));
		assert_false(is_open(S_IFBLK | mode));
		assert_false(is_open(mode));
	}
}

struct acl {
	uint32_t version;
	struct {
		uint16_t tag, may;
		uint32_t id;
	} e[6];
};

static const struct acl good = {
	2,
	{{1, 7, -1}, {2, 5, 1000}, {4, 5, -1}, {8, 5, 50}, {16, 5, -1}, {32, 5, -1}},
};

static void test_acls(void **state)
{
	struct acl a = good;

	(void)state;
	if (htole32(1) != 1) /* texts above are little endian */
		skip();
	assert_true(crl_public_is_by_acl(&a, sizeof(a), false) && crl_public_is_by_acl(&a, sizeof(a), true));
	/* Whoever is denied to read, whoever may not go on. */
	for (size_t i = 0; i < 6; i++) {
		a = good;
		a.e[i].may = 1;
		assert_false(crl_public_is_by_acl(&a, sizeof(a), false));
		a.e[i].may = 4;
		assert_true(crl_public_is_by_acl(&a, sizeof(a), false));
		assert_false(crl_public_is_by_acl(&a, sizeof(a), true));
	}
	/* What is no ACL is none that is understood. */
	for (size_t len = 0; len < sizeof(a); len++)
		assert_int_equal(crl_public_is_by_acl(&good, len, false), len >= 4 && (len - 4) % 8 == 0);
	a = good;
	a.version = 3;
	assert_false(crl_public_is_by_acl(&a, sizeof(a), false));
}

static const struct crl_public_item items[] = {
	{.kind = CRL_PUBLIC_NAMED, .path = "opt"},
	{.kind = CRL_PUBLIC_TREE, .path = "usr"},
	{.kind = CRL_PUBLIC_OPEN, .ino = 12, .changed_ns = 1700000000123456789, .path = "usr"},
	{.kind = CRL_PUBLIC_GONE, .ino = UINT64_MAX, .changed_ns = -1, .path = "usr/a b\nc"},
	{.kind = CRL_PUBLIC_OPEN, .ino = 13, .path = "usr/lib"},
	{.kind = CRL_PUBLIC_SHUT, .path = "usr/lib/x"},
	{.kind = CRL_PUBLIC_BLANK, .path = "usr/lib/y"},
	{.kind = CRL_PUBLIC_OPEN, .path = "usr/lib64"},
	{.kind = CRL_PUBLIC_SEEN, .path = ""},
};

static const size_t nexts[] = {1, 2, 8, 4, 7, 6, 7, 8, 9};

static void write_list(struct crl_public_text *t)
{
	crl_public_begin(t, 4711);
	for (size_t i = 0; i < CRL_ARRAY_LEN(items); i++)
		crl_public_put(t, &items[i]);
	crl_public_end(t);
	assert_int_equal(t->rc, 0);
}

static void test_back(void **state)
{
	struct crl_public_text t = {0};
	struct crl_public_list list, closed;
	scoped_fd fd = -EBADF;
	size_t len;

	(void)state;
	write_list(&t);
	len = t.len;
	assert_int_equal(crl_public_parse(t.buf, len, &list), 0);
	assert_int_equal(list.whole_s, 4711);
	assert_int_equal(list.len, CRL_ARRAY_LEN(items));
	for (size_t i = 0; i < list.len; i++) {
		assert_int_equal(list.item[i].kind, items[i].kind);
		assert_true(list.item[i].ino == items[i].ino && list.item[i].changed_ns == items[i].changed_ns);
		assert_string_equal(list.item[i].path, items[i].path);
		assert_int_equal(list.item[i].next, nexts[i]);
	}
	/* What a room's init gets has neither what is open nor what was asked for. */
	assert_int_equal(crl_public_closed(&list, &fd), 0);
	assert_int_equal(crl_public_read(fd, &closed), 0);
	assert_int_equal(closed.len, 5);
	for (size_t i = 0; i < closed.len; i++)
		assert_true(closed.item[i].kind != CRL_PUBLIC_OPEN && closed.item[i].kind != CRL_PUBLIC_NAMED);
	crl_public_list_done(&closed);
	crl_public_list_done(&list);
}

static int parse(const char *text, size_t len)
{
	char *copy = malloc(len + 1);
	struct crl_public_list list;
	int rc;

	assert_non_null(copy);
	memcpy(copy, text, len);
	rc = crl_public_parse(copy, len, &list);
	crl_public_list_done(&list);
	return rc;
}

/* keeps: store/public_list R1 */
static void test_damaged(void **state)
{
	static const char *const bad[] = {"Xa 1 usr", "Da 1", "D", "", "Da  usr", "D-a 1x usr", "Da 1 /usr"};
	struct crl_public_text t = {0}, head = {0};
	char *boot;

	(void)state;
	write_list(&t);
	for (size_t len = 0; len < t.len; len++) /* cut anywhere */
		assert_int_equal(parse(t.buf, len), -EBADMSG);
	crl_public_begin(&head, 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		char text[256];
		size_t len = head.len + strlen(bad[i]) + 1;

		memcpy(text, head.buf, head.len);
		(void)snprintf(text + head.len, sizeof(text) - head.len, "%s", bad[i]);
		memcpy(text + len, "end", 4);
		assert_int_equal(parse(text, len + 4), -EBADMSG);
	}
	boot = strchr(strchr(t.buf, ' ') + 1, ' ') + 1;
	*boot = *boot == 'f' ? '0' : 'f';
	assert_int_equal(parse(t.buf, t.len), -ESTALE);
	t.buf[0] = 'x';
	assert_int_equal(parse(t.buf, t.len), -EBADMSG);
	crl_public_text_done(&t);
	crl_public_text_done(&head);
}

static void test_mounts(void **state)
{
	char text[] = "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n23 22 0:21 / /usr/a\\040b\\011c rw - tmpfs x rw\n"
		      "24 22 0:22 /x /etc/resolv.conf ro master:2 - ext4 /dev/sda1 rw\n";
	char bad[] = "22 1 8:1 /\n";
	struct crl_words mounts = {0};

	(void)state;
	assert_int_equal(crl_public_take_mounts(text, &mounts), 0);
	assert_int_equal(mounts.len, 2);
	assert_true(crl_words_has(&mounts, "usr/a b\tc") && crl_words_has(&mounts, "etc/resolv.conf"));
	assert_int_equal(crl_public_take_mounts(bad, &mounts), -EBADMSG);
	crl_words_done(&mounts);
	assert_int_equal(crl_public_mounts(&mounts), 0);
	assert_true(crl_words_has(&mounts, "proc"));
	crl_words_done(&mounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),   cmocka_unit_test(test_acls),   cmocka_unit_test(test_back),
		cmocka_unit_test(test_damaged), cmocka_unit_test(test_mounts),
	};

	return cmocka_run_group_tests_name("public", tests, NULL, NULL);
}
