// SPDX-License-Identifier: Apache-2.0
/*
 * Programs written from runs and guards that no policy would have: thousands of instructions, jumps that are too long,
 * dozens of verdicts; each is compared with a plain reading of the runs.
 */
#include "tests/unit/plan/filter_lab.h"

#include <limits.h>

#include "plan/filter/guard.h"
#include "plan/filter/program.h"

#define ROUNDS 400
#define RUNS_MAX 1500

static struct crl_guards guards;
static struct crl_call_run runs[2][RUNS_MAX];
static struct crl_call_tree trees[2] = {{.arch = X86_64, .run = runs[0]}, {.arch = I386, .run = runs[1]}};
static struct crl_program program = {
	.guards = &guards, .tree = trees, .len = 2, .elsewhere = {.kind = CRL_VERDICT_KILL}};
static struct crl_filter f;

static struct crl_verdict any_verdict(uint64_t *seed, uint32_t errnos)
{
	switch (lab_random(seed) % 8) {
	case 0:
		return (struct crl_verdict){.kind = CRL_VERDICT_KILL};
	case 1:
		return (struct crl_verdict){.kind = CRL_VERDICT_LOG};
	case 2:
	case 3:
	case 4:
		return CRL_ALLOW;
	default:
		return CRL_ERRNO((uint16_t)(1 + lab_random(seed) % errnos));
	}
}

/* Words that hit each other often enough. */
static uint32_t any_word(uint64_t *seed)
{
	static const uint32_t edges[] = {0, 1, 0x80000000, UINT32_MAX, INT_MAX, 0xff, 0x100};
	uint32_t n = lab_random(seed) % 24;

	return n < CRL_ARRAY_LEN(edges) ? edges[n] : n < 20 ? n : lab_random(seed);
}

static void any_guards(uint64_t *seed, uint32_t most_rules)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f"};

	memset(&guards, 0, sizeof(guards));
	for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++) {
		uint32_t len = lab_random(seed) % most_rules;
		bool one_verdict = lab_random(seed) % 2;

		crl_guard_begin(&guards, names[i]);
		for (uint32_t rule = 0; rule < len; rule++) {
			struct crl_guard_test test[CRL_GUARD_TESTS_MAX];
			uint32_t tests = lab_random(seed) % 3 ? 1 : 1 + lab_random(seed) % CRL_GUARD_TESTS_MAX;

			for (uint32_t k = 0; k < tests; k++) {
				test[k] = (struct crl_guard_test){
					.kind = lab_random(seed) % 3,
					.value = any_word(seed),
					.arg = (uint8_t)(lab_random(seed) % 6 * (lab_random(seed) % 4 == 0)),
					.high = lab_random(seed) % 8 == 0,
					.negate = lab_random(seed) % 8 == 0,
				};
				if (test[k].kind != CRL_TEST_HAS && lab_random(seed) % 6 == 0)
					test[k].mask = any_word(seed);
			}
			crl_guard_when(&guards, one_verdict ? CRL_ALLOW : any_verdict(seed, 40), tests, test);
		}
		crl_guard_otherwise(&guards, any_verdict(seed, 40));
	}
	assert_int_equal(crl_guards_check(&guards, NULL), 0);
}

/* Neighbours may have the same verdict: that is no more than one instruction too many. */
static void any_runs(uint64_t *seed, size_t i, size_t len, uint32_t errnos)
{
	uint32_t first = 0;

	trees[i].len = len;
	for (size_t r = 0; r < len; r++) {
		runs[i][r] = (struct crl_call_run){.first = first, .verdict = any_verdict(seed, errnos)};
		if (lab_random(seed) % 100 == 0)
			runs[i][r].guard = &guards.guard[lab_random(seed) % guards.len];
		first += 1 + lab_random(seed) % 4 + (lab_random(seed) % 200 == 0) * 100000;
	}
}

static bool holds(const struct crl_guard_test *t, const uint64_t args[6])
{
	uint32_t word = (uint32_t)(t->high ? args[t->arg] >> 32 : args[t->arg]);
	bool yes = false;

	if (t->mask)
		word &= t->mask;
	if (t->kind == CRL_TEST_IS)
		yes = word == t->value;
	else if (t->kind == CRL_TEST_HAS)
		yes = (word & t->value) != 0;
	else
		yes = word >= t->value;
	return yes != t->negate;
}

static struct crl_verdict of_guard(const struct crl_guard *g, const uint64_t args[6])
{
	for (uint32_t i = 0; i < g->len; i++) {
		const struct crl_guard_rule *rule = &guards.rule[g->first + i];
		bool all = true;

		for (uint32_t k = 0; k < rule->len; k++)
			all = all && holds(&rule->test[k], args);
		if (all)
			return rule->verdict;
	}
	return g->otherwise;
}

static uint32_t wanted(size_t tree, uint32_t nr, const uint64_t args[6])
{
	const struct crl_call_run *run = &trees[tree].run[0];

	for (size_t i = 0; i < trees[tree].len && trees[tree].run[i].first <= nr; i++)
		run = &trees[tree].run[i];
	return crl_verdict_action(run->guard ? of_guard(run->guard, args) : run->verdict);
}

static void compare(uint64_t *seed, size_t tree, uint32_t nr)
{
	uint64_t args[6];
	uint32_t got, want;

	for (size_t i = 0; i < CRL_ARRAY_LEN(args); i++)
		args[i] = (uint64_t)any_word(seed) << 32 | any_word(seed);
	got = lab_ask(&f, trees[tree].arch, (int)nr, args);
	want = wanted(tree, nr, args);
	if (got != want)
		fail_msg("call %u of %#x is %#x, not %#x, in %u instructions", nr, trees[tree].arch, got, want, f.len);
}

/* keeps: plan/filter/program R1
 * keeps: plan/filter/guard R1 */
static void test_any_runs(void **state)
{
	uint64_t seed = lab_seed(), cases = 0;
	uint32_t longest = 0, too_long = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t errnos = round % 2 ? 3 : 120;

		any_guards(&seed, round % 3 ? 4 : 60);
		for (size_t i = 0; i < 2; i++)
			any_runs(&seed, i, 1 + lab_random(&seed) % (round % 4 ? 300 : RUNS_MAX), errnos);
		if (crl_program_write(&program, &f, NULL) < 0) {
			assert_int_equal(f.len, 0);
			too_long++;
			continue;
		}
		lab_check_form(&f);
		longest = f.len > longest ? f.len : longest;
		for (size_t i = 0; i < 2; i++)
			for (size_t r = 0; r < trees[i].len; r++, cases += 3) {
				compare(&seed, i, runs[i][r].first);
				compare(&seed, i, runs[i][r].first - 1);
				compare(&seed, i, r % 16 ? runs[i][r].first + 1 : lab_random(&seed));
			}
		assert_int_equal(lab_ask(&f, AUDIT_ARCH_AARCH64, 1, NULL), SECCOMP_RET_KILL_PROCESS);
		assert_int_equal(lab_ask(&f, 0, 1, NULL), SECCOMP_RET_KILL_PROCESS);
	}
	print_message("%ju cases, up to %u instructions, %u programs too long\n", (uintmax_t)cases, longest, too_long);
	assert_in_range(longest, 2000, CRL_FILTER_MAX);
	assert_in_range(too_long, 0, ROUNDS / 4);
}

/* At the limit: as many instructions as there may be is a program, one more is an error. */
static void test_limit(void **state)
{
	uint32_t longest = 0;
	bool refused = false;

	(void)state;
	memset(&guards, 0, sizeof(guards));
	trees[1].len = 1;
	runs[1][0] = (struct crl_call_run){.verdict = CRL_ALLOW};
	crl_guard_begin(&guards, "a");
	while (guards.rules < CRL_GUARD_RULES_MAX && !refused) {
		struct crl_err err = {0};
		const struct crl_guard_test test = {.value = guards.rules * 3};

		crl_guard_when(&guards, CRL_ERRNO((uint16_t)(1 + guards.rules % 2)), 1, &test);
		trees[0].len = 2;
		runs[0][0] = (struct crl_call_run){.guard = &guards.guard[0]};
		runs[0][1] = (struct crl_call_run){.first = 7, .verdict = CRL_ALLOW};
		refused = crl_program_write(&program, &f, &err) < 0;
		if (refused)
			assert_true(err.code == E2BIG && err.stage == CRL_STAGE_FILTER && f.len == 0);
		else
			longest = f.len;
		if (!refused && guards.rules % 64 == 1)
			lab_check_form(&f);
	}
	assert_true(refused);
	assert_in_range(longest, CRL_FILTER_MAX - 2, CRL_FILTER_MAX);
}

/* What does not fit is told once, at the end. */
static void test_too_many_guards(void **state)
{
	struct crl_err err = {0};
	char name[CRL_CALL_NAME + 8];

	(void)state;
	memset(&guards, 0, sizeof(guards));
	for (int i = 0; i < CRL_GUARDS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "call%d", i);
		crl_guard_begin(&guards, name);
	}
	assert_int_equal(crl_guards_check(&guards, &err), 0);
	crl_guard_begin(&guards, "one more");
	assert_int_equal(crl_guards_check(&guards, &err), -E2BIG);
	memset(&guards, 0, sizeof(guards));
	crl_guard_begin(&guards, "a");
	for (int i = 0; i < CRL_GUARD_RULES_MAX; i++)
		crl_guard_when(&guards, CRL_ALLOW, 1, &(const struct crl_guard_test){.value = 1});
	assert_int_equal(crl_guards_check(&guards, &err), 0);
	crl_guard_when(&guards, CRL_ALLOW, 1, &(const struct crl_guard_test){.value = 1});
	assert_int_equal(crl_guards_check(&guards, &err), -E2BIG);
}

/* Values that lead to the same verdict share its return. */
static void test_short(void **state)
{
	struct sock_filter insn[32];

	(void)state;
	memset(&guards, 0, sizeof(guards));
	crl_guard_begin(&guards, "a");
	for (uint32_t i = 0; i < 10; i++)
		crl_guard_when(&guards, CRL_ALLOW, 1, &(const struct crl_guard_test){.value = i});
	crl_guard_otherwise(&guards, CRL_ERRNO(EPERM));
	assert_int_equal(crl_guard_write(&guards, &guards.guard[0], insn, CRL_ARRAY_LEN(insn)), 1 + 10 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_runs),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_too_many_guards),
		cmocka_unit_test(test_short),
	};

	return cmocka_run_group_tests_name("plan/filter/program", tests, NULL, NULL);
}
