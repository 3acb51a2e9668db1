// SPDX-License-Identifier: Apache-2.0
/*
 * What filters cost: instructions, the time to load them, and calls under them beside calls without.
 *
 * Contenders take turns, each turn in a child of its own; times are those of the processor, so that a busy machine counts
 * little. Prints lines for tests/bench/filters_table.awk: name, instructions, microseconds to load, ratios of calls.
 * Usage: filters ROUNDS, from the top of the tree.
 */
#include "tests/bench/filters.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "plan/filter/filter.h"
#include "plan/filter/set.h"
#include "tests/unit/policy/policytext.h"

#define CONTENDERS_MAX 16
#define ROUNDS_MAX 500

enum call { CALL_GETPID, CALL_READ, CALL_OPENAT, CALL_IOCTL, CALL_FORK, CALL_EXEC, CALL_COUNT };

static const char *const call_names[CALL_COUNT] = {"getpid", "read", "openat", "ioctl", "fork", "exec"};
static const int call_times[CALL_COUNT] = {20000, 20000, 4000, 20000, 40, 12};

/* Microseconds: to load, and each call. */
struct sample {
	double load, call[CALL_COUNT];
};

static struct contender contenders[CONTENDERS_MAX];
static size_t contenders_len;
static struct sample samples[CONTENDERS_MAX][ROUNDS_MAX];

static void die(const char *what)
{
	(void)fprintf(stderr, "filters: %s\n", what);
	exit(1);
}

static struct contender *add_contender(const char *name)
{
	struct contender *c = &contenders[contenders_len++];

	if (contenders_len > CONTENDERS_MAX)
		die("too many contenders");
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

/* The same plain verdicts by libseccomp and its binary tree, without rules about arguments. */
static void add_by_libseccomp(const struct crl_policy *p, const struct crl_sysgroups *groups, const char *name)
{
	static struct crl_callset set;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));

	if (!ctx || crl_callset_build(&p->seccomp, groups, &set, NULL) < 0)
		die("libseccomp");
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (p->seccomp.compat)
		(void)seccomp_arch_add(ctx, SCMP_ARCH_X86);
	for (int nr = CRL_CALL_MIN; nr <= CRL_CALL_MAX; nr++) {
		struct crl_verdict v = crl_callset_verdict(&set, nr);

		if (!crl_verdict_is(v, CRL_ERRNO(ENOSYS)))
			(void)seccomp_rule_add(ctx, crl_verdict_lets(v) ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(v.code), nr,
					       0);
	}
	if (!add_program(add_contender(name), ctx))
		die("libseccomp's program");
	seccomp_release(ctx);
}

static void add_policies(void)
{
	static struct crl_filter f;
	const struct crl_filter_room room = {.setns_flags = 0x20000};
	scoped_free char *all = shipped_policies();
	scoped_free char *path = realpath("conf/syscalls.conf", NULL);
	struct crl_sysgroups groups = {0};
	struct crl_err err = {0};

	if (!path || crl_sysgroups_load(path, &groups, &err) < 0)
		die(err.text);
	for (size_t i = 0; i < CRL_ARRAY_LEN(shipped_names); i++) {
		struct crl_policy p = {0};
		struct contender *c;
		char name[48];

		if (policy_from_text(all, shipped_names[i], &p, &err) < 0 ||
		    crl_filter_compile(&p.seccomp, &groups, &room, &f, &err) < 0)
			die(err.text);
		if (f.len > 0) {
			c = add_contender(shipped_names[i]);
			memcpy(c->program[0].insn, f.insn, f.len * sizeof(f.insn[0]));
			c->program[0].len = (unsigned short)f.len;
			c->len = 1;
		}
		(void)snprintf(name, sizeof(name), "%s by libseccomp", shipped_names[i]);
		if (strcmp(shipped_names[i], "shared") == 0 || strcmp(shipped_names[i], "strict") == 0)
			add_by_libseccomp(&p, &groups, name);
		crl_policy_done(&p);
	}
	crl_sysgroups_done(&groups);
}

static void add_contenders(void)
{
	static const struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct contender *c;

	(void)add_contender("none"); /* the others' calls are over its */
	c = add_contender("allow everything");
	c->program[0].insn[0] = pass;
	c->program[0].len = 1;
	c->len = 1;
	add_policies();
	if (!make_docker(add_contender("Docker's default"), "tests/bench/docker_calls.txt"))
		die("Docker's profile");
	if (!make_firejail(add_contender("firejail --seccomp")))
		contenders_len--;
}

/* Time of the processor, of this process and of its children that have ended. */
static double now_us(void)
{
	struct timespec self;
	struct rusage children;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &self) < 0 || getrusage(RUSAGE_CHILDREN, &children) < 0)
		_exit(1);
	return (double)self.tv_sec * 1e6 + (double)self.tv_nsec / 1e3 +
	       (double)(children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1e6 +
	       (double)(children.ru_utime.tv_usec + children.ru_stime.tv_usec);
}

static void run_child(bool exec)
{
	int status = 1;
	pid_t pid = exec ? vfork() : fork();

	if (pid == 0) {
		if (exec)
			(void)execl("/bin/true", "true", NULL);
		_exit(exec ? 127 : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		_exit(1);
}

static void make_call(enum call call, int zero)
{
	char byte;
	int fd, n;

	switch (call) {
	case CALL_GETPID:
		(void)syscall(SYS_getpid);
		break;
	case CALL_READ:
		if (read(zero, &byte, 1) != 1)
			_exit(1);
		break;
	case CALL_OPENAT:
		fd = openat(AT_FDCWD, "/dev/zero", O_RDONLY | O_CLOEXEC);
		if (fd < 0 || close(fd) < 0)
			_exit(1);
		break;
	case CALL_IOCTL:
		(void)ioctl(zero, FIONREAD, &n); /* a character device has no answer, which is quick as well */
		break;
	case CALL_FORK:
	case CALL_EXEC:
		run_child(call == CALL_EXEC);
		break;
	case CALL_COUNT:
		break;
	}
}

static void load(const struct contender *c)
{
	for (size_t i = 0; i < c->len; i++) {
		struct sock_fprog program = {.len = c->program[i].len,
					     .filter = (struct sock_filter *)(uintptr_t)c->program[i].insn};

		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
			_exit(1);
	}
}

static _Noreturn void turn(const struct contender *c, int out)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct sample s;
	double before;

	if (zero < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(1);
	before = now_us();
	load(c);
	s.load = now_us() - before;
	for (int call = 0; call < CALL_COUNT; call++) {
		make_call((enum call)call, zero);
		before = now_us();
		for (int i = 0; i < call_times[call]; i++)
			make_call((enum call)call, zero);
		s.call[call] = (now_us() - before) / call_times[call];
	}
	_exit(write(out, &s, sizeof(s)) != sizeof(s));
}

static void take_turn(size_t contender, int round)
{
	int end[2], status = 1;
	pid_t pid;

	if (pipe(end) < 0)
		die("pipe");
	pid = fork();
	if (pid == 0)
		turn(&contenders[contender], end[1]);
	(void)close(end[1]);
	if (read(end[0], &samples[contender][round], sizeof(struct sample)) != sizeof(struct sample) ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		die(contenders[contender].name);
	(void)close(end[0]);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of one member of all samples of a contender; @offset is its place in struct sample. */
static double median(size_t contender, int rounds, size_t offset)
{
	static double v[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++)
		memcpy(&v[i], (const char *)&samples[contender][i] + offset, sizeof(v[i]));
	qsort(v, (size_t)rounds, sizeof(v[0]), compare);
	return v[rounds / 2];
}

static void print_results(int rounds)
{
	(void)printf("filter\tinstructions\tload_us");
	for (int call = 0; call < CALL_COUNT; call++)
		(void)printf("\t%s", call_names[call]);
	(void)printf("\n");
	for (size_t c = 0; c < contenders_len; c++) {
		unsigned int len = 0;

		for (size_t i = 0; i < contenders[c].len; i++)
			len += contenders[c].program[i].len;
		(void)printf("%s\t%u\t%.0f", contenders[c].name, len,
			     c == 0 ? 0 : median(c, rounds, offsetof(struct sample, load)));
		for (int call = 0; call < CALL_COUNT; call++) {
			size_t offset = offsetof(struct sample, call) + (size_t)call * sizeof(double);
			double us = median(c, rounds, offset);

			(void)printf("\t%.*f", c == 0 ? 3 : 2, c == 0 ? us : us / median(0, rounds, offset));
		}
		(void)printf("\n");
	}
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("usage: filters ROUNDS");
	add_contenders();
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < contenders_len; i++)
			take_turn((i + (size_t)round * 5) % contenders_len, round);
	print_results(rounds);
	return 0;
}
