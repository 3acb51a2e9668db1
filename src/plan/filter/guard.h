// SPDX-License-Identifier: Apache-2.0
/*
 * Guards: rules about the arguments of a call, as data.
 *
 * Runs in: helper, carrelctl. Pure. Source: seccomp(2), linux/filter.h.
 *
 * A guard has rules and an "otherwise". The first rule whose tests all hold decides, and its verdict is final. A test
 * looks at one half of an argument, since the machine's words have 32 bits; the kernel takes most arguments as int, so
 * the lower half is mostly all there is:
 *
 *	crl_guard_begin(guards, "ioctl");
 *	crl_guard_when_is(guards, CRL_ERRNO(EPERM), 1, TIOCSTI);
 *	crl_guard_otherwise(guards, CRL_ALLOW);
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/filter/arch.h"
#include "policy/filter/verdict.h"

#define CRL_GUARDS_MAX 64 /* calls with a guard */
#define CRL_GUARD_RULES_MAX 2048 /* rules of all of them */
#define CRL_GUARD_TESTS_MAX 4 /* of one rule */

/* How the word, of which only the bits of the mask count, and the value are compared. */
enum crl_guard_test_kind {
	CRL_TEST_IS, /* they are equal */
	CRL_TEST_HAS, /* the word has at least one bit of the value; without a mask */
	CRL_TEST_FROM, /* the word is not less than the value, unsigned */
};

struct crl_guard_test {
	enum crl_guard_test_kind kind;
	uint32_t value;
	uint32_t mask; /* 0 = all bits */
	uint8_t arg; /* 0..5 */
	bool high; /* the upper half of the argument */
	bool negate; /* holds where it would not */
};

struct crl_guard_rule {
	struct crl_guard_test test[CRL_GUARD_TESTS_MAX];
	uint32_t len; /* tests; all have to hold */
	struct crl_verdict verdict;
};

struct crl_guard {
	char call[CRL_CALL_NAME];
	int nr; /* for a call that libseccomp may not know, its number on all architectures; 0 = goes by name */
	uint32_t first, len; /* its part of crl_guards.rule */
	struct crl_verdict otherwise;
};

/* To be zeroed before use; about 150 KiB. */
struct crl_guards {
	struct crl_guard guard[CRL_GUARDS_MAX];
	size_t len;
	struct crl_guard_rule rule[CRL_GUARD_RULES_MAX];
	uint32_t rules;
	bool full; /* something did not fit: crl_guards_check() */
};

/* Begin the guard of @call. What follows belongs to it, until the next begins. Without anything else it allows. */
void crl_guard_begin(struct crl_guards *g, const char *call);

/* The same for a call that has number @nr everywhere, whether libseccomp knows its name or not. */
void crl_guard_begin_number(struct crl_guards *g, const char *call, int nr);

/* A rule of the guard that was begun last: @then when all @len (1..CRL_GUARD_TESTS_MAX) of @tests hold. */
void crl_guard_when(struct crl_guards *g, struct crl_verdict then, size_t len, const struct crl_guard_test *tests);

/* Rules of one test, of the lower half of argument @arg: it is @value, or has a bit of @bits. */
void crl_guard_when_is(struct crl_guards *g, struct crl_verdict then, uint8_t arg, uint32_t value);
void crl_guard_when_has(struct crl_guards *g, struct crl_verdict then, uint8_t arg, uint32_t bits);

/* What the guard that was begun last says where no rule does. */
void crl_guard_otherwise(struct crl_guards *g, struct crl_verdict v);

/* -E2BIG (stage FILTER) when there were more guards or rules than fit. */
int crl_guards_check(const struct crl_guards *g, struct crl_err *err) CRL_MUST_CHECK;

/*
 * The guard of a call, NULL when it has none.
 * @name  "" for a number without one
 */
const struct crl_guard *crl_guards_find(const struct crl_guards *g, const char *name, int nr);

/*
 * Write a guard's program, which ends with a return on each way and has no jump out of it.
 * @insn  room for @capacity instructions
 * Returns their number; more than @capacity means that they did not fit.
 */
uint32_t crl_guard_write(const struct crl_guards *g, const struct crl_guard *guard, struct sock_filter *insn,
			 uint32_t capacity);
