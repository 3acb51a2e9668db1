// SPDX-License-Identifier: Apache-2.0
/*
 * What the measuring program's parts share: contenders take turns, each turn in a child of its own.
 *
 * Runs in: tests/bench, root, private namespaces.
 */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_BPF_MAX 4096
#define BENCH_ARGS_MAX 128

/* Milliseconds; a negative value: the turn failed. */
struct turn {
	double open_ms;
	double close_ms; /* 0 where there is nothing to close */
};

struct bpf {
	unsigned short len;
	struct sock_filter insn[BENCH_BPF_MAX];
};

struct bench {
	const char *pam_dir; /* services of the PAM contenders */
	const char *bpf_path; /* the filter's instructions as the kernel takes them, or NULL */
	struct bpf bpf; /* the same, read before any turn */
};

/* One contender: @arg is what stands after its name, cut at blanks. Runs in the turn's child, which exits
 * afterwards. */
typedef struct turn contender_turn(const struct bench *b, char **arg);

contender_turn turn_pam; /* SERVICE USER: pam_open_session, pam_close_session */
contender_turn turn_floor; /* PROGRAM ARG...: fork and exec, join what it made, drop, filter */
contender_turn turn_start; /* PROGRAM ARG...: until it writes a byte to its standard output */
contender_turn turn_exit; /* PROGRAM ARG...: until it has ended with status 0 */

double now_ms(void);

/* Open @count sessions, say so on standard output, close them at end of file on standard input. Returns the
 * status. */
int hold_sessions(const struct bench *b, int count, char **arg);
