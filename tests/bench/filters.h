// SPDX-License-Identifier: Apache-2.0
/*
 * Filters beside each other: what each takes to load, and what calls take under it.
 *
 * Runs in: tests/bench. No root.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#define PROGRAMS_MAX 2 /* that one contender loads, one after the other */

struct contender {
	char name[48];
	size_t len;
	struct program {
		struct sock_filter insn[BPF_MAXINSNS];
		unsigned short len;
	} program[PROGRAMS_MAX];
};

/* What others load. They return false when it cannot be had here. */
bool make_docker(struct contender *c, const char *calls_path);
bool make_firejail(struct contender *c); /* $FSECCOMP, or what the package firejail has */

/* The instructions that libseccomp has written, added as one more program. */
bool add_program(struct contender *c, void *ctx);
