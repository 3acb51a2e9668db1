// SPDX-License-Identifier: Apache-2.0
/* A directory for the files of one test program; scratch_make() and scratch_remove() are its group's setup and teardown. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char scratch[] = "/tmp/carrel-unit-XXXXXX";

static inline const char *at(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

static inline void write_file(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline int scratch_make(void **state)
{
	(void)state;
	(void)umask(022);
	return mkdtemp(scratch) ? 0 : -1;
}

static inline int scratch_remove(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", scratch);
	return system(command);
}
