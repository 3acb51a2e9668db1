// SPDX-License-Identifier: Apache-2.0
/*
 * Runs in: helper, carrelctl. Pure.
 *  R1  Every way through a guard's program ends in a verdict of the guard.
 */
#include "plan/filter/guard.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define NOTHING UINT32_MAX /* no word of which it is known that it is loaded */
#define SHARERS_MAX 200 /* rules that share a return: a jump reaches 255 */

struct text {
	struct sock_filter *insn;
	uint32_t len;
	uint32_t capacity;
	uint32_t loaded; /* the offset of the whole word that the machine holds on all ways here */
};

void crl_guard_begin_number(struct crl_guards *g, const char *call, int nr)
{
	struct crl_guard *guard;

	if (g->len == CRL_GUARDS_MAX || strlen(call) >= CRL_CALL_NAME) {
		g->full = true;
		return;
	}
	guard = &g->guard[g->len++];
	*guard = (struct crl_guard){.nr = nr, .first = g->rules, .otherwise = CRL_ALLOW};
	(void)snprintf(guard->call, sizeof(guard->call), "%s", call);
}

void crl_guard_begin(struct crl_guards *g, const char *call)
{
	crl_guard_begin_number(g, call, 0);
}

void crl_guard_when(struct crl_guards *g, struct crl_verdict then, size_t len, const struct crl_guard_test *tests)
{
	struct crl_guard_rule *rule;

	if (g->len == 0 || g->rules == CRL_GUARD_RULES_MAX || len == 0 || len > CRL_GUARD_TESTS_MAX) {
		g->full = true;
		return;
	}
	rule = &g->rule[g->rules++];
	*rule = (struct crl_guard_rule){.len = (uint32_t)len, .verdict = then};
	memcpy(rule->test, tests, len * sizeof(*tests));
	g->guard[g->len - 1].len++;
}

void crl_guard_when_is(struct crl_guards *g, struct crl_verdict then, uint8_t arg, uint32_t value)
{
	crl_guard_when(g, then, 1, &(const struct crl_guard_test){.arg = arg, .value = value});
}

void crl_guard_when_has(struct crl_guards *g, struct crl_verdict then, uint8_t arg, uint32_t bits)
{
	crl_guard_when(g, then, 1, &(const struct crl_guard_test){.kind = CRL_TEST_HAS, .arg = arg, .value = bits});
}

void crl_guard_otherwise(struct crl_guards *g, struct crl_verdict v)
{
	if (g->len > 0)
		g->guard[g->len - 1].otherwise = v;
}

int crl_guards_check(const struct crl_guards *g, struct crl_err *err)
{
	if (!g->full)
		return 0;
	return crl_err_set(err, E2BIG, CRL_STAGE_FILTER, "more than %d rules about arguments, of more than %d calls",
			   CRL_GUARD_RULES_MAX, CRL_GUARDS_MAX);
}

const struct crl_guard *crl_guards_find(const struct crl_guards *g, const char *name, int nr)
{
	for (size_t i = 0; i < g->len; i++) {
		const struct crl_guard *guard = &g->guard[i];

		if (strcmp(guard->call, name) == 0 || (guard->nr != 0 && guard->nr == nr))
			return guard;
	}
	return NULL;
}

static void emit(struct text *t, struct sock_filter insn)
{
	if (t->len < t->capacity)
		t->insn[t->len] = insn;
	t->len++;
}

static uint32_t word_of(const struct crl_guard_test *test)
{
	return (uint32_t)offsetof(struct seccomp_data, args) + 8u * test->arg + (test->high ? 4 : 0);
}

static bool masks(const struct crl_guard_test *test)
{
	return test->mask != 0 && test->mask != UINT32_MAX;
}

static uint16_t operation(const struct crl_guard_test *test)
{
	static const uint16_t op[] = {[CRL_TEST_IS] = BPF_JEQ, [CRL_TEST_HAS] = BPF_JSET, [CRL_TEST_FROM] = BPF_JGE};

	return (uint16_t)(BPF_JMP | op[test->kind] | BPF_K);
}

static void load(struct text *t, const struct crl_guard_test *test)
{
	uint32_t word = word_of(test);

	if (t->loaded != word)
		emit(t, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, word));
	t->loaded = word;
	if (!masks(test))
		return;
	emit(t, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, test->mask));
	t->loaded = NOTHING;
}

/* What is loaded where a rule has failed is known only if all of its tests left the same. */
static uint32_t left_by(const struct crl_guard_rule *rule)
{
	for (uint32_t i = 0; i < rule->len; i++)
		if (masks(&rule->test[i]) || word_of(&rule->test[i]) != word_of(&rule->test[0]))
			return NOTHING;
	return word_of(&rule->test[0]);
}

static void write_rule(struct text *t, const struct crl_guard_rule *rule)
{
	uint32_t jump[CRL_GUARD_TESTS_MAX];

	for (uint32_t i = 0; i < rule->len; i++) {
		load(t, &rule->test[i]);
		jump[i] = t->len;
		emit(t, (struct sock_filter)BPF_JUMP(operation(&rule->test[i]), rule->test[i].value, 0, 0));
	}
	emit(t, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, crl_verdict_action(rule->verdict)));
	for (uint32_t i = 0; i < rule->len && t->len <= t->capacity; i++) {
		uint8_t past = (uint8_t)(t->len - jump[i] - 1); /* a rule has a dozen instructions */

		if (rule->test[i].negate)
			t->insn[jump[i]].jt = past;
		else
			t->insn[jump[i]].jf = past;
	}
	t->loaded = left_by(rule);
}

static bool is_plain(const struct crl_guard_rule *rule)
{
	return rule->len == 1 && !rule->test[0].negate && !masks(&rule->test[0]);
}

/* How many rules from @rule on look at the same word for the same verdict: these share its return. */
static uint32_t sharers(const struct crl_guard_rule *rule, uint32_t len)
{
	uint32_t n = 0;

	while (n < len && n < SHARERS_MAX && is_plain(&rule[n]) && word_of(rule[n].test) == word_of(rule->test) &&
	       crl_verdict_is(rule[n].verdict, rule->verdict))
		n++;
	return n;
}

static void write_shared(struct text *t, const struct crl_guard_rule *rule, uint32_t len)
{
	load(t, &rule->test[0]);
	for (uint32_t i = 0; i < len; i++) {
		uint8_t to_return = (uint8_t)(len - i - 1), past = i + 1 == len;

		emit(t, (struct sock_filter)BPF_JUMP(operation(rule[i].test), rule[i].test[0].value, to_return, past));
	}
	emit(t, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, crl_verdict_action(rule->verdict)));
}

uint32_t crl_guard_write(const struct crl_guards *g, const struct crl_guard *guard, struct sock_filter *insn,
			 uint32_t capacity)
{
	struct text t = {.insn = insn, .capacity = capacity, .loaded = NOTHING};
	const struct crl_guard_rule *rule = &g->rule[guard->first];

	for (uint32_t i = 0; i < guard->len;) {
		uint32_t n = sharers(&rule[i], guard->len - i);

		if (n > 1)
			write_shared(&t, &rule[i], n);
		else
			write_rule(&t, &rule[i]);
		i += n > 1 ? n : 1;
	}
	emit(&t, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, crl_verdict_action(guard->otherwise))); /* R1 */
	return t.len;
}
