// SPDX-License-Identifier: Apache-2.0
/*
 * For tests of filters: the shipped groups, a policy's seccomp part with its defaults, and a machine that
 * runs classic BPF over a seccomp_data as the kernel does, so that verdicts of any architecture can be had
 * without a kernel.
 */
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <seccomp.h>

#include "plan/filter/filter.h"

#define GROUPS "conf/syscalls.conf" /* tests run from the top of the tree */
#define ERRNO(e) (SECCOMP_RET_ERRNO | (e))
#define ALLOW SECCOMP_RET_ALLOW
#define X86_64 AUDIT_ARCH_X86_64
#define I386 AUDIT_ARCH_I386
/* What a room asks of the filter that has no kept home: of x86-64's, wherever the test runs, and of this machine's. */
#define lab_room(flags) (&(const struct crl_filter_room){.setns_flags = (flags), .arch = X86_64})
#define lab_here(flags) (&(const struct crl_filter_room){.setns_flags = (flags)})
#define STRV(...) \
	{ \
		.item = (char *[]){__VA_ARGS__}, .len = sizeof((char *[]){__VA_ARGS__}) / sizeof(char *) \
	}

static inline struct crl_seccomp lab_wish(void)
{
	static char text[4][8] = {"unix", "inet", "inet6", "netlink"};
	static char *families[] = {text[0], text[1], text[2], text[3]};
	struct crl_seccomp s = {
		.base = "@login",
		.families = {.item = families, .len = 4},
		.compat = true,
	};

	return s;
}

/* The shipped groups. Returns 0, or -1 after saying why not. */
static inline int lab_load_groups(struct crl_sysgroups *groups)
{
	struct crl_err err = {0};
	scoped_free char *path = realpath(GROUPS, NULL);

	if (path && crl_sysgroups_load(path, groups, &err) == 0)
		return 0;
	print_error("%s:%d: %s\n", GROUPS, err.line, err.text);
	return -1;
}

struct lab_machine {
	const struct crl_filter *f;
	const struct seccomp_data *data;
	uint32_t a, x;
	uint32_t mem[BPF_MEMWORDS];
};

static inline uint32_t lab_load(const struct lab_machine *m, uint32_t offset)
{
	uint32_t word;

	assert_true(offset % 4 == 0 && offset + 4 <= sizeof(*m->data));
	memcpy(&word, (const char *)m->data + offset, sizeof(word));
	return word;
}

static inline bool lab_jumps(uint16_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return a & k;
	default:
		fail_msg("jump %#x", op);
		return false;
	}
}

/* One instruction that is no return. Returns the number of instructions to skip after it. */
static inline uint32_t lab_step(struct lab_machine *m, const struct sock_filter *i)
{
	if (BPF_CLASS(i->code) == BPF_JMP) {
		if (BPF_OP(i->code) == BPF_JA)
			return i->k;
		return lab_jumps(BPF_OP(i->code), m->a, BPF_SRC(i->code) == BPF_X ? m->x : i->k) ? i->jt : i->jf;
	}
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		m->a = lab_load(m, i->k);
		break;
	case BPF_LD | BPF_MEM:
		m->a = m->mem[i->k];
		break;
	case BPF_ST:
		m->mem[i->k] = m->a;
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		m->a &= i->k;
		break;
	case BPF_MISC | BPF_TAX:
		m->x = m->a;
		break;
	case BPF_MISC | BPF_TXA:
		m->a = m->x;
		break;
	default:
		fail_msg("instruction %#x", i->code);
	}
	return 0;
}

static inline uint32_t lab_run(const struct crl_filter *f, const struct seccomp_data *data)
{
	struct lab_machine m = {.f = f, .data = data};

	for (uint32_t pc = 0; pc < f->len; pc++) {
		const struct sock_filter *i = &f->insn[pc];

		if (BPF_CLASS(i->code) == BPF_RET) {
			assert_int_equal(BPF_RVAL(i->code), BPF_K);
			return i->k;
		}
		pc += lab_step(&m, i);
	}
	fail_msg("ran off the end of %u instructions", f->len);
	return 0;
}

/* What the filter says to call @nr of @arch. */
static inline uint32_t lab_ask(const struct crl_filter *f, uint32_t arch, int nr, const uint64_t args[6])
{
	struct seccomp_data data = {.nr = nr, .arch = arch};

	if (args)
		memcpy(data.args, args, sizeof(data.args));
	return lab_run(f, &data);
}

/* i386's own numbers of the socket calls, which libseccomp gives as parts of socketcall(). */
static inline int direct_number(const char *name)
{
	static const char *const calls[] = {"socket",  "socketpair", "bind",       "connect",     "listen",
					    "accept4", "getsockopt", "setsockopt", "getsockname", "getpeername",
					    "sendto",  "sendmsg",    "recvfrom",   "recvmsg",     "shutdown"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(calls); i++)
		if (strcmp(calls[i], name) == 0)
			return 359 + (int)i;
	return -1;
}

static inline uint32_t ask(const struct crl_filter *f, uint32_t arch, const char *name, const uint64_t args[6])
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name);

	if (nr < 0 && arch == I386)
		nr = direct_number(name);
	if (nr < 0)
		fail_msg("%s has no number", name);
	return lab_ask(f, arch, nr, args);
}

struct row {
	const char *name;
	uint64_t args[6];
	uint32_t want;
};

static inline void check_rows(const struct crl_filter *f, uint32_t arch, const struct row *row, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t got = ask(f, arch, row[i].name, row[i].args);

		if (got != row[i].want)
			fail_msg("row %zu: %s(%#jx, %#jx, %#jx) on %#x is %#x, not %#x", i, row[i].name,
				 (uintmax_t)row[i].args[0], (uintmax_t)row[i].args[1], (uintmax_t)row[i].args[2], arch,
				 got, row[i].want);
	}
}

static inline bool lab_is_jump_in_range(const struct crl_filter *f, uint32_t at, uint32_t skip)
{
	return skip < f->len && at + 1 + skip < f->len;
}

static inline bool lab_insn_is_valid(const struct crl_filter *f, uint32_t at)
{
	const struct sock_filter *i = &f->insn[at];

	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return i->jt == 0 && i->jf == 0 && i->k % 4 == 0 && i->k < sizeof(struct seccomp_data);
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_RET | BPF_K:
		return i->jt == 0 && i->jf == 0;
	case BPF_JMP | BPF_JA:
		return lab_is_jump_in_range(f, at, i->k);
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		return lab_is_jump_in_range(f, at, i->jt) && lab_is_jump_in_range(f, at, i->jf);
	default:
		return false;
	}
}

/*
 * What the kernel checks of a program, and more: only the instructions that carrel's programs have, each of them
 * reachable, and no way that ends without a return.
 */
static inline void lab_check_form(const struct crl_filter *f)
{
	static bool reached[CRL_FILTER_MAX + 1];

	assert_in_range(f->len, 1, CRL_FILTER_MAX);
	memset(reached, 0, sizeof(reached));
	reached[0] = true;
	for (uint32_t at = 0; at < f->len; at++) {
		const struct sock_filter *i = &f->insn[at];

		if (!lab_insn_is_valid(f, at))
			fail_msg("instruction %u of %u: %#x %u %u %#x", at, f->len, i->code, i->jt, i->jf, i->k);
		if (!reached[at])
			fail_msg("nothing leads to instruction %u of %u", at, f->len);
		if (BPF_CLASS(i->code) == BPF_RET)
			continue;
		if (i->code == (BPF_JMP | BPF_JA)) {
			reached[at + 1 + i->k] = true;
			continue;
		}
		reached[at + 1 + (BPF_CLASS(i->code) == BPF_JMP ? i->jt : 0)] = true;
		reached[at + 1 + (BPF_CLASS(i->code) == BPF_JMP ? i->jf : 0)] = true;
	}
	assert_false(reached[f->len]);
}

/* Numbers that make the same ones again on each run, and another row for each seed. */
static inline uint32_t lab_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 16);
}

/* A seed for this run, said so that a failure can be had again: CARREL_SEED=... */
static inline uint64_t lab_seed(void)
{
	const char *given = getenv("CARREL_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL) * 2654435761u + (uint64_t)getpid();

	print_message("CARREL_SEED=%ju\n", (uintmax_t)seed);
	return seed ? seed : 1;
}
