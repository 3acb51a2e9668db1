// SPDX-License-Identifier: Apache-2.0
/*
 * A place of their own for tests of layers: a tmpfs in a mount namespace that goes with the process. Needs root.
 * PLACE_AT=DIRECTORY has them on that directory's file system instead.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/scope.h"

#define PLACE "/tmp"

/* The group's setup: a new PLACE, and the process in it. */
static inline int place_make(void **state)
{
	const char *at = getenv("PLACE_AT");

	(void)state;
	(void)umask(022);
	return unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	       mount(at ? at : "place", PLACE, "tmpfs", at ? MS_BIND : 0, at ? NULL : "size=512m") < 0 ||
	       chdir(PLACE) < 0;
}

static inline int place_dir(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static inline void place_file(const char *name, const char *text)
{
	scoped_fd fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}
