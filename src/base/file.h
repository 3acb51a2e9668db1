// SPDX-License-Identifier: Apache-2.0
/*
 * Small files: read at once, written at once, replaced at once.
 *
 * Runs in: every product. @at is a directory that stays the caller's, or AT_FDCWD.
 */
#pragma once

#include <fcntl.h> /* AT_FDCWD */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/scope.h"

#define CRL_FILE_MAX (1u << 20) /* bytes that crl_file_read_all() reads */

/*
 * Read what one read(2) gives of a file of the kernel's or of our own, @size - 1 bytes at most, and end it with a NUL:
 * what is longer is cut. No link is followed at the end of @name.
 * Returns how many bytes, or -errno; @buf is "" then.
 */
ssize_t crl_file_read(int at, const char *name, char *buf, size_t size) CRL_MUST_CHECK;

/* As crl_file_read(), of a file that is open, from where it stands. */
ssize_t crl_file_read_fd(int fd, char *buf, size_t size) CRL_MUST_CHECK;

/* A file that is a number and no more than a newline behind it. Errors: -EBADMSG it is none, "max" for instance. */
int crl_file_read_number(int at, const char *name, uint64_t *ret) CRL_MUST_CHECK;

/* Write a text into a file that is there, by one write(2): how the kernel's are set. Returns 0 or -errno. */
int crl_file_write(int at, const char *name, const char *text);

/* A file as it shall be. */
struct crl_file {
	const char *name;
	const char *beside; /* what it is called until it is whole; whoever sweeps the directory knows such names */
	const void *data;
	size_t len;
	mode_t mode; /* whatever the umask is */
	bool durable; /* wait until it is on the disk */
};

/*
 * Write a file beside and rename it: whoever opens the name finds the old one or the new one, whole. What is there by
 * the name of @beside is removed. Returns 0, or -errno with the name as it was.
 */
int crl_file_replace(int at, const struct crl_file *f) CRL_MUST_CHECK;

/*
 * Read the whole of a file of root's, as crl_path_open_trusted() opens it.
 * @ret_text  NUL-terminated, to be freed; may hold more NULs inside
 * Errors: -EFBIG it is, or grew meanwhile, over CRL_FILE_MAX; -ENOMEM; read(2).
 */
int crl_file_read_all(int fd, char **ret_text, size_t *ret_len) CRL_MUST_CHECK;

/*
 * Read the whole of a file of the kernel's that has no size, from where it stands.
 * @max  bytes to have room for: 16 KiB times a power of two
 * @ret_text  NUL-terminated, to be freed
 * Errors: -EFBIG it does not fit; -ENOMEM; read(2).
 */
int crl_file_read_sizeless(int fd, size_t max, char **ret_text) CRL_MUST_CHECK;

/* Write the whole of @text and wait until it is on the disk. Errors: write(2), fsync(2). */
int crl_file_write_all(int fd, const char *text, size_t len) CRL_MUST_CHECK;
