// SPDX-License-Identifier: Apache-2.0
/*
 * Files of other programs in which each line is some words: one file, or one and all of a directory beside it.
 *
 * Runs in: carrelctl. What cannot be read has no lines: this informs, and nothing depends on it.
 */
#pragma once

#include <stddef.h>

#define LINE_WORDS 8 /* what a line has beyond is cut off */

struct ctl_line {
	const char *path;
	int number; /* from 1 */
	const char *text; /* without comment, and without blanks around it */
	size_t words; /* at least 1 */
	const char *word[LINE_WORDS];
};

typedef void ctl_each_line(void *arg, const struct ctl_line *line);

/* Call @each for every line that is neither empty nor a comment: "#" begins one anywhere, ";" at a line's start. */
void ctl_lines_of_file(const char *path, ctl_each_line *each, void *arg);

/* The same for each *.conf of a directory, in the order of their names. */
void ctl_lines_of_dir(const char *dir, ctl_each_line *each, void *arg);
