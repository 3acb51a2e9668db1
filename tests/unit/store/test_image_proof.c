// SPDX-License-Identifier: Apache-2.0
/* src/store/image_proof.c: a file counts when its digest is the image's, and is read once a version. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../scratch.h"
#include "base/log.h"
#include "store/image_proof.h"

static int place(void)
{
	int fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* An image whose file is @name of the scratch directory, with that text. */
static int make(const char *name, const char *text, struct crl_image *image)
{
	int fd;

	write_file(name, text);
	fd = open(at(name), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	*image = (struct crl_image){.name = "test"};
	assert_true(crl_sha256_file(fd, image->digest) > 0);
	assert_int_equal(crl_image_version_of(fd, &image->version), 0);
	return fd;
}

static void test_note(void **state)
{
	const struct crl_image_note note = {.device = 7,
					    .version = {1, 2, 3, 4},
					    .digest =
						    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
	struct crl_image_note back;
	char text[CRL_IMAGE_NOTE_MAX], odd[CRL_IMAGE_NOTE_MAX + 4];
	int n = crl_image_note_format(&note, text, sizeof(text));

	(void)state;
	assert_true(n > 0);
	assert_int_equal(crl_image_note_parse(text, (size_t)n, &back), 0);
	assert_string_equal(back.digest, note.digest);
	assert_int_equal(back.device, note.device);
	assert_memory_equal(&back.version, &note.version, sizeof(note.version));
	for (int len = 0; len < n; len++) {
		memcpy(odd, text, (size_t)len);
		odd[len] = '\0';
		assert_int_equal(crl_image_note_parse(odd, (size_t)len, &back), -EBADMSG);
	}
	(void)snprintf(odd, sizeof(odd), "%s ", text);
	assert_int_equal(crl_image_note_parse(odd, (size_t)n + 1, &back), -EBADMSG);
	assert_int_equal(crl_image_note_format(&note, text, 20), -EOVERFLOW);
}

/* The note is what keeps the second look short: without it the file would be found wrong at once. */
static void test_once(void **state)
{
	scoped_fd dir = place(), file = -EBADF;
	struct crl_image image;
	struct crl_err err = {0};

	(void)state;
	file = make("once", "content", &image);
	assert_int_equal(crl_image_prove(dir, file, &image, 0, &err), 0);
	assert_int_equal(faccessat(dir, "checked", F_OK, 0), 0);
	assert_true(crl_image_is_as_added(file, &image));
	image.digest[0] = image.digest[0] == '0' ? '1' : '0'; /* another image: the note is not for it */
	assert_int_equal(crl_image_prove(dir, file, &image, 0, &err), -EKEYREJECTED);
	assert_int_equal(faccessat(dir, "checked", F_OK, 0), -1);
}

/* keeps: store/image_proof R1 */
static void test_written_to(void **state)
{
	scoped_fd dir = place(), file = -EBADF;
	struct crl_image image;
	struct crl_err err = {0};

	(void)state;
	file = make("written", "content", &image);
	assert_int_equal(crl_image_prove(dir, file, &image, 0, &err), 0);
	assert_int_equal(pwrite(file, "C", 1, 0), 1);
	assert_false(crl_image_is_as_added(file, &image));
	assert_int_equal(crl_image_prove(dir, file, &image, 0, &err), -EKEYREJECTED);
	assert_non_null(strstr(err.text, "is not what was added"));
	assert_int_equal(crl_image_prove(dir, file, &image, 0, &err), -EKEYREJECTED);
	assert_int_equal(faccessat(dir, "checked", F_OK, 0), -1);
	assert_int_equal(pwrite(file, "c", 1, 0), 1);
	assert_int_equal(crl_image_prove(dir, file, &image, 0, &err), 0);
}

/* Of the same size and the same times, as touch(1) can give them; the kernel's own time of the change is nobody's to set. */
static void test_times_set_back(void **state)
{
	scoped_fd dir = place(), file = -EBADF;
	struct crl_image image;
	struct crl_err err = {0};
	struct timespec times[2];
	struct stat st;

	(void)state;
	file = make("times", "content", &image);
	assert_int_equal(fstat(file, &st), 0);
	assert_int_equal(crl_image_prove(dir, file, &image, 0, &err), 0);
	assert_int_equal(pwrite(file, "CONTENT", 7, 0), 7);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	assert_int_equal(futimens(file, times), 0);
	assert_int_equal(crl_image_prove(dir, file, &image, 0, &err), -EKEYREJECTED);
}

static void test_anew(void **state)
{
	scoped_fd dir = place(), file = -EBADF;
	struct crl_image image, lie;
	struct crl_err err = {0};
	char text[CRL_IMAGE_NOTE_MAX];
	struct crl_image_note note;
	struct stat st;
	int n;

	(void)state;
	file = make("anew", "content", &image);
	lie = image;
	lie.digest[0] = lie.digest[0] == '0' ? '1' : '0';
	assert_int_equal(fstat(file, &st), 0);
	note = (struct crl_image_note){.device = st.st_dev, .version = lie.version};
	memcpy(note.digest, lie.digest, sizeof(note.digest));
	n = crl_image_note_format(&note, text, sizeof(text));
	assert_true(n > 0);
	write_file("checked", text); /* as if it had been read and found so */
	assert_int_equal(crl_image_prove(dir, file, &lie, 0, &err), 0);
	assert_int_equal(crl_image_prove(dir, file, &lie, CRL_PROVE_ANEW, &err), -EKEYREJECTED);
	assert_int_equal(crl_image_prove(-EBADF, file, &image, 0, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note),           cmocka_unit_test(test_once), cmocka_unit_test(test_written_to),
		cmocka_unit_test(test_times_set_back), cmocka_unit_test(test_anew),
	};

	crl_log_set("/nonexistent", false);
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
