// SPDX-License-Identifier: Apache-2.0
/*
 * Lets contenders take turns, in a new order each round, and prints median and 99th percentile of each.
 *
 * Runs in: tests/bench, root, private namespaces.
 * Usage: driver [-c PAM_DIR] [-f BPF_FILE] [-n ROUNDS] [-w ROUNDS] KIND=NAME:ARG ARG... ...
 *        driver [-c PAM_DIR] [-h COUNT] pam=NAME:SERVICE USER
 * Output, with tabs between: NAME, open's median, its 99th percentile, close's median, its 99th percentile,
 * rounds; in milliseconds.
 */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONTENDERS_MAX 24
#define SETTLE_US 4000 /* for the kernel to put away what the turn before left */

struct contender {
	const char *name;
	contender_turn *turn;
	char *arg[BENCH_ARGS_MAX];
	double *open_ms, *close_ms;
};

double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool parse(char *spec, int rounds, struct contender *c)
{
	static const struct {
		const char *word;
		contender_turn *turn;
	} kinds[] = {{"pam", turn_pam}, {"floor", turn_floor}, {"start", turn_start}, {"exit", turn_exit}};
	const char *kind = strsep(&spec, "=");
	size_t n = 0;

	c->name = strsep(&spec, ":");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].word, kind) == 0)
			c->turn = kinds[i].turn;
	while (spec && n < BENCH_ARGS_MAX - 1)
		c->arg[n++] = strsep(&spec, " ");
	c->open_ms = calloc((size_t)rounds, sizeof(double));
	c->close_ms = calloc((size_t)rounds, sizeof(double));
	return c->turn && n > 0 && !spec && c->open_ms && c->close_ms;
}

static bool read_filter(struct bench *b)
{
	int fd = open(b->bpf_path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, b->bpf.insn, sizeof(b->bpf.insn));

	if (fd >= 0)
		(void)close(fd);
	b->bpf.len = n > 0 ? (unsigned short)((size_t)n / sizeof(b->bpf.insn[0])) : 0;
	return b->bpf.len > 0;
}

/* In a child: a turn changes the process that takes it for good. */
static struct turn take_turn(const struct bench *b, struct contender *c)
{
	struct turn t = {-1, -1};
	int result[2], status;
	pid_t pid;

	if (pipe2(result, O_CLOEXEC) < 0)
		return t;
	pid = fork();
	if (pid == 0) {
		t = c->turn(b, c->arg);
		_exit(write(result[1], &t, sizeof(t)) == sizeof(t) ? 0 : 1);
	}
	(void)close(result[1]);
	if (pid < 0 || read(result[0], &t, sizeof(t)) != sizeof(t))
		t.open_ms = -1;
	(void)close(result[0]);
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	(void)usleep(SETTLE_US);
	return t;
}

static void shuffle(size_t *order, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)rand() % i;
		size_t swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

/* @warm rounds come first and do not count. */
static bool play(const struct bench *b, struct contender *c, size_t n, int rounds, int warm)
{
	size_t order[CONTENDERS_MAX];

	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (int round = -warm; round < rounds; round++) {
		shuffle(order, n);
		for (size_t i = 0; i < n; i++) {
			struct contender *one = &c[order[i]];
			struct turn t = take_turn(b, one);

			if (t.open_ms < 0 || t.close_ms < 0) {
				(void)fprintf(stderr, "driver: %s failed in round %d\n", one->name, round);
				return false;
			}
			if (round < 0)
				continue;
			one->open_ms[round] = t.open_ms;
			one->close_ms[round] = t.close_ms;
		}
	}
	return true;
}

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void report(struct contender *c, int rounds)
{
	int last = rounds * 99 / 100;

	qsort(c->open_ms, (size_t)rounds, sizeof(double), ascending);
	qsort(c->close_ms, (size_t)rounds, sizeof(double), ascending);
	(void)printf("%s\t%.4f\t%.4f\t%.4f\t%.4f\t%d\n", c->name, c->open_ms[rounds / 2], c->open_ms[last],
		     c->close_ms[rounds / 2], c->close_ms[last], rounds);
}

int main(int argc, char **argv)
{
	static struct contender c[CONTENDERS_MAX];
	static struct bench b;
	int rounds = 1, warm = 2, hold = 0, opt;
	size_t n = 0;

	while ((opt = getopt(argc, argv, "c:f:n:w:h:")) != -1)
		if (opt == 'c')
			b.pam_dir = optarg;
		else if (opt == 'f')
			b.bpf_path = optarg;
		else if (opt == 'n')
			rounds = atoi(optarg);
		else if (opt == 'w')
			warm = atoi(optarg);
		else if (opt == 'h')
			hold = atoi(optarg);
		else
			return 2;
	if (rounds < 1 || (b.bpf_path && !read_filter(&b)))
		return 2;
	for (; optind < argc && n < CONTENDERS_MAX; optind++)
		if (!parse(argv[optind], rounds, &c[n++]))
			return 2;
	if (hold > 0)
		return hold_sessions(&b, hold, c[0].arg);
	if (!play(&b, c, n, rounds, warm))
		return 1;
	for (size_t i = 0; i < n; i++)
		report(&c[i], rounds);
	return 0;
}
