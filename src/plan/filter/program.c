// SPDX-License-Identifier: Apache-2.0
/*
 * A program is written from its end to its beginning, so that each jump, which can only go forward, knows where its
 * target stands. One that is too far for the 255 instructions of a jump gets a longer one in between.
 *
 * Runs in: helper, carrelctl. Pure.
 *  R1  No jump goes anywhere but to its target, however long the program is.
 */
#include "plan/filter/program.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#define REACH UINT8_MAX /* instructions that a conditional jump can skip */
#define VERDICTS_MAX 64 /* different ones whose place is remembered */

/* Where a jump leads: to an instruction, or to a verdict that has none yet. */
struct target {
	bool is_verdict;
	struct crl_verdict verdict;
	uint32_t at;
};

struct tape {
	struct sock_filter *insn;
	const struct crl_guards *guards;
	uint32_t at; /* the first instruction so far; what comes next stands before it */
	bool full;
	struct {
		struct crl_verdict verdict;
		uint32_t at;
	} known[VERDICTS_MAX]; /* the latest return of each verdict */
	size_t known_len;
};

static struct target at(uint32_t position)
{
	return (struct target){.at = position};
}

static struct target verdict(struct crl_verdict v)
{
	return (struct target){.is_verdict = true, .verdict = v};
}

static uint32_t emit(struct tape *w, struct sock_filter insn)
{
	if (w->at == 0)
		w->full = true;
	else
		w->insn[--w->at] = insn;
	return w->at;
}

static uint32_t emit_return(struct tape *w, struct crl_verdict v)
{
	size_t i = 0;

	while (i < w->known_len && !crl_verdict_is(w->known[i].verdict, v))
		i++;
	if (i == VERDICTS_MAX)
		i = 0;
	else if (i == w->known_len)
		w->known_len++;
	w->known[i].verdict = v;
	return w->known[i].at = emit(w, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, crl_verdict_action(v)));
}

/*
 * R1. The instruction that stands for @to, within reach of a jump that stands before it and before at most @between
 * more.
 */
static uint32_t within_reach(struct tape *w, struct target to, uint32_t between)
{
	uint32_t last = w->at + REACH - between;

	if (!to.is_verdict)
		return to.at <= last ? to.at : emit(w, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, to.at - w->at));
	for (size_t i = 0; i < w->known_len; i++)
		if (crl_verdict_is(w->known[i].verdict, to.verdict) && w->known[i].at <= last)
			return w->known[i].at;
	return emit_return(w, to.verdict);
}

static struct target emit_branch(struct tape *w, uint16_t op, uint32_t k, struct target yes, struct target no)
{
	uint32_t to_yes = within_reach(w, yes, 1); /* the way to @no may need one in between */
	uint32_t to_no = within_reach(w, no, 0);
	uint8_t jt = (uint8_t)(to_yes - w->at), jf = (uint8_t)(to_no - w->at);

	return at(emit(w, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k, jt, jf)));
}

static struct target write_guard(struct tape *w, const struct crl_guard *guard)
{
	uint32_t len = crl_guard_write(w->guards, guard, w->insn, w->at); /* into what is free */

	if (len > w->at) {
		w->full = true;
		return at(w->at);
	}
	w->at -= len;
	memmove(&w->insn[w->at], w->insn, len * sizeof(w->insn[0]));
	return at(w->at);
}

/* The tree over @len runs. */
static struct target write_runs(struct tape *w, const struct crl_call_run *run, size_t len)
{
	struct target lower, upper;

	if (len == 1)
		return run->guard ? write_guard(w, run->guard) : verdict(run->verdict);
	upper = write_runs(w, run + len / 2, len - len / 2);
	lower = write_runs(w, run, len / 2);
	return emit_branch(w, BPF_JGE, run[len / 2].first, upper, lower);
}

/* Load a word and go on with @next. */
static struct target write_load(struct tape *w, size_t offset, struct target next)
{
	if (next.is_verdict)
		next = at(emit_return(w, next.verdict));
	if (next.at != w->at)
		(void)emit(w, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, next.at - w->at));
	return at(emit(w, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset)));
}

int crl_program_write(const struct crl_program *p, struct crl_filter *ret, struct crl_err *err)
{
	struct tape w = {.insn = ret->insn, .guards = p->guards, .at = CRL_FILTER_MAX};
	struct target begin[2], next = verdict(p->elsewhere);

	ret->len = 0;
	if (p->len > CRL_ARRAY_LEN(begin))
		return crl_err_set(err, EINVAL, CRL_STAGE_FILTER, "a filter for %zu architectures", p->len);
	for (size_t i = p->len; i-- > 0;) {
		begin[i] = write_runs(&w, p->tree[i].run, p->tree[i].len);
		begin[i] = write_load(&w, offsetof(struct seccomp_data, nr), begin[i]);
	}
	for (size_t i = p->len; i-- > 0;)
		next = emit_branch(&w, BPF_JEQ, p->tree[i].arch, begin[i], next);
	(void)write_load(&w, offsetof(struct seccomp_data, arch), next);
	if (w.full)
		return crl_err_set(err, E2BIG, CRL_STAGE_FILTER, "the filter has more than %d instructions",
				   CRL_FILTER_MAX);
	ret->len = CRL_FILTER_MAX - w.at;
	memmove(ret->insn, &ret->insn[w.at], ret->len * sizeof(ret->insn[0]));
	return 0;
}
