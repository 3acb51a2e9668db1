// SPDX-License-Identifier: Apache-2.0
/*
 * A tar stream, written: pax headers where the old ones are too narrow, holes as GNU tar notes them.
 *
 * Runs in: the worker, as the user.
 * Source: pax(1) of POSIX.1-2008, "pax Interchange Format"; GNU tar's manual, "PAX Format, Version 1.0".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/scope.h"

struct ctl_tar {
	int fd; /* the caller's */
	char *text; /* records of the pax header that is being made; owned */
	size_t text_len;
	size_t text_room;
	bool (*stop)(void *arg); /* asked between two pieces of a file; true ends it with -EINTR. NULL: never */
};

/* What is written of one name. */
struct ctl_tar_entry {
	const char *path; /* bytes, from the top of the archive on */
	const char *link; /* where a symbolic link leads, or what a further name is one of; NULL = neither */
	const struct stat *st;
	int fd; /* of a file or directory: what its content and its attributes are read from; -EBADF: it has neither */
};

/*
 * Write one name, with its content. Regular files, directories, links and FIFOs; anything else is -EOPNOTSUPP.
 * A file that changes meanwhile is written as long as @st has it.
 * Returns 0; -EINTR; -errno of reading or writing; then the stream is of no use.
 */
int ctl_tar_add(struct ctl_tar *t, const struct ctl_tar_entry *e) CRL_MUST_CHECK;

/* The two blocks of zeros that end it. */
int ctl_tar_end(struct ctl_tar *t) CRL_MUST_CHECK;
void ctl_tar_done(struct ctl_tar *t);
