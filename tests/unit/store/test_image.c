// SPDX-License-Identifier: Apache-2.0
/* src/store/image.c: records of images, and by what a file system is known. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/image.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ROOT "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct crl_image sample = {
	.name = "debian-12",
	.digest = DIGEST,
	.fs = "erofs",
	.added_ms = 1700000000000,
	.by = "root",
	.source = "/srv/a directory",
	.root_hash = ROOT,
	.version = {.ino = 12, .size = 8192, .mtime_ns = 1700000000000000001, .ctime_ns = 1700000000000000002},
};

static void test_round_trip(void **state)
{
	struct crl_image image = sample, back;
	char text[CRL_IMAGE_TEXT_MAX];
	int n = crl_image_format(&image, text, sizeof(text));

	(void)state;
	assert_true(n > 0);
	assert_int_equal(crl_image_parse(text, (size_t)n, &back), 0);
	assert_memory_equal(&back, &image, sizeof(image));
	image.root_hash[0] = '\0';
	n = crl_image_format(&image, text, sizeof(text));
	assert_int_equal(crl_image_parse(text, (size_t)n, &back), 0);
	assert_string_equal(back.root_hash, "");
	assert_int_equal(crl_image_format(&image, text, 30), -EOVERFLOW);
}

/* Cut anywhere, with a byte more, or with one that acts on a terminal: no record. */
static void test_nothing_else(void **state)
{
	char text[CRL_IMAGE_TEXT_MAX], odd[CRL_IMAGE_TEXT_MAX + 2];
	struct crl_image back;
	size_t n = (size_t)crl_image_format(&sample, text, sizeof(text));

	(void)state;
	for (size_t len = 0; len < n; len++) {
		memcpy(odd, text, len);
		odd[len] = '\0';
		assert_int_equal(crl_image_parse(odd, len, &back), -EBADMSG);
		memcpy(odd, text, n + 1);
		odd[len] = '\033';
		assert_int_equal(crl_image_parse(odd, n, &back), -EBADMSG);
		odd[len] = '\0';
		assert_int_equal(crl_image_parse(odd, n, &back), -EBADMSG);
	}
	(void)snprintf(odd, sizeof(odd), "%s\n", text);
	assert_int_equal(crl_image_parse(odd, n + 1, &back), -EBADMSG);
}

/* A record whose values would become names of files, or arguments of a mount, of another kind. */
static void test_values(void **state)
{
	static const struct {
		const char *from, *to;
	} wrong[] = {
		{"image=1", "image=2"},
		{"name=debian-12", "name=../etc"},
		{"name=debian-12", "name=a@sha256:" DIGEST},
		{"digest=0123", "digest=../3"},
		{"digest=0123", "digest=A123"},
		{"fs=erofs", "fs=fuse"},
		{"fs=erofs", "fs="},
		{"root_hash=fedc", "root_hash=xedc"},
		{"size=8192", "size=-192"},
		{"size=8192", "size=08192"},
		{"size=8192", "size=99999999999999999999"},
	};
	char text[CRL_IMAGE_TEXT_MAX], odd[CRL_IMAGE_TEXT_MAX + 128];
	struct crl_image back;

	(void)state;
	assert_true(crl_image_format(&sample, text, sizeof(text)) > 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(wrong); i++) {
		const char *at = strstr(text, wrong[i].from);

		assert_non_null(at);
		(void)snprintf(odd, sizeof(odd), "%.*s%s%s", (int)(at - text), text, wrong[i].to,
			       at + strlen(wrong[i].from));
		assert_int_equal(crl_image_parse(odd, strlen(odd), &back), -EBADMSG);
	}
}

static void test_magic(void **state)
{
	uint8_t head[CRL_IMAGE_HEAD] = {0};

	(void)state;
	assert_null(crl_image_fs(head, sizeof(head)));
	memcpy(head, "hsqs", 4);
	assert_string_equal(crl_image_fs(head, sizeof(head)), "squashfs");
	assert_string_equal(crl_image_fs(head, 4), "squashfs");
	assert_null(crl_image_fs(head, 3));
	memset(head, 0, sizeof(head));
	memcpy(head + 1024 + 56, "\x53\xef", 2);
	assert_string_equal(crl_image_fs(head, sizeof(head)), "ext4");
	assert_null(crl_image_fs(head, 1024 + 57));
	memset(head, 0, sizeof(head));
	memcpy(head + 1024, "\xe2\xe1\xf5\xe0", 4);
	assert_string_equal(crl_image_fs(head, 1028), "erofs");
	assert_null(crl_image_fs(head, 1027));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_nothing_else),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_magic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
