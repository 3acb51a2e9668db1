// SPDX-License-Identifier: Apache-2.0
/*
 * Bytes as what the image store reads: the name of an image, records, notes, a file system's head; and as a program that
 * stands in an image.
 *
 * Runs in: libFuzzer only.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/image/elf.h"
#include "store/image.h"
#include "store/image_proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_program(const uint8_t *data, size_t size)
{
	scoped_fd fd = memfd_create("fuzz", MFD_CLOEXEC);
	scoped(ctl_elf) e = {.needed.len = 0};

	if (fd >= 0 && write(fd, data, size) == (ssize_t)size)
		(void)!ctl_elf_read(fd, &e);
}

/* What is taken is written back as it was. */
static void as_texts(const char *text, size_t size)
{
	char name[CRL_IMAGE_NAME_MAX], digest[CRL_SHA256_TEXT], again[CRL_IMAGE_TEXT_MAX];
	struct crl_image_note note;
	struct crl_image image;

	if (crl_imageref_parse(text, name, digest) == 0 && (strchr(name, '/') || name[0] == '.'))
		abort();
	if (crl_image_parse(text, size, &image) == 0 &&
	    (crl_image_format(&image, again, sizeof(again)) != (int)size || memcmp(again, text, size) != 0))
		abort();
	if (crl_image_note_parse(text, size, &note) == 0 &&
	    (crl_image_note_format(&note, again, sizeof(again)) != (int)size || memcmp(again, text, size) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	(void)crl_image_fs(data, size);
	as_texts(text, size);
	as_program(data, size);
	free(text);
	return 0;
}
