// SPDX-License-Identifier: Apache-2.0
/* See notify.h. */
#include "plan/filter/notify.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>

#define CLONE3 435 /* of all architectures */
#define CLONE_SIGNAL 0xff /* of clone's flags: which signal its end sends */
#define SOCKET_TYPE 0xf /* without SOCK_CLOEXEC and its kind */
#define AHEAD_MAX 255 /* of a jump that has a condition */
#define DATA(field) ((uint32_t)offsetof(struct seccomp_data, field))

struct program {
	struct crl_filter *f;
	bool full;
};

static void emit(struct program *p, uint16_t code, uint32_t k, uint32_t jt, uint32_t jf)
{
	if (p->f->len == CRL_FILTER_MAX || jt > AHEAD_MAX || jf > AHEAD_MAX) {
		p->full = true;
		return;
	}
	p->f->insn[p->f->len++] = (struct sock_filter){code, (uint8_t)jt, (uint8_t)jf, k};
}

static bool has(const struct crl_callset *core, int nr)
{
	return crl_verdict_lets(crl_callset_verdict(core, nr));
}

/* Its calls from @from on that have numbers without a gap. Returns the first behind them, 0 when there are none. */
static int next_run(const struct crl_callset *core, int from, int *ret_first)
{
	int nr = from;

	while (nr <= CRL_CALL_MAX && !has(core, nr))
		nr++;
	*ret_first = nr;
	if (nr > CRL_CALL_MAX)
		return 0;
	while (nr <= CRL_CALL_MAX && has(core, nr))
		nr++;
	return nr;
}

static uint32_t count_runs(const struct crl_callset *core)
{
	uint32_t n = 0;

	for (int first, end = 0; (end = next_run(core, end, &first)) > 0;)
		n++;
	return n;
}

/* The number is loaded. What is in the core goes on behind this, all else is told. */
static void emit_core(struct program *p, const struct crl_callset *core)
{
	uint32_t left = count_runs(core); /* with two instructions each, and the one that tells behind them */

	for (int first, end = 0; (end = next_run(core, end, &first)) > 0; left--) {
		uint32_t to_tell = 2 * left - 1;

		emit(p, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)first, 0, to_tell);
		emit(p, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)end, 0, to_tell); /* in it: over the one that tells */
	}
	emit(p, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
}

static bool is_told(const struct sock_filter *i)
{
	uint32_t action = i->k & SECCOMP_RET_ACTION_FULL;

	return i->code == (BPF_RET | BPF_K) && (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_LOG);
}

int crl_notify_rewrite(const struct crl_filter *in, const struct crl_callset *core, struct crl_filter *ret,
		       struct crl_err *err)
{
	struct program p = {.f = ret};

	ret->len = 0;
	if (core) {
		emit(&p, BPF_LD | BPF_W | BPF_ABS, DATA(arch), 0, 0);
		emit(&p, BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0);
		emit(&p, BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
	}
	emit(&p, BPF_LD | BPF_W | BPF_ABS, DATA(nr), 0, 0);
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, CLONE3, 0, 1); /* R3 */
	emit(&p, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
	if (core)
		emit_core(&p, core);
	for (uint32_t i = 0; i < in->len; i++) {
		const struct sock_filter *from = &in->insn[i];

		emit(&p, from->code, is_told(from) ? SECCOMP_RET_USER_NOTIF : from->k, from->jt, from->jf);
	}
	if (!p.full)
		return 0;
	ret->len = 0;
	return crl_err_set(err, E2BIG, CRL_STAGE_FILTER, "the filter is too long for one that is listened to");
}

/* ---- the machine ---------------------------------------------------------------------------------------------- */

struct machine {
	const struct seccomp_data *data;
	uint32_t a, x;
	uint32_t mem[BPF_MEMWORDS];
};

static bool jumps(uint16_t op, uint32_t a, uint32_t k)
{
	if (op == BPF_JEQ)
		return a == k;
	if (op == BPF_JGT)
		return a > k;
	return op == BPF_JGE ? a >= k : (a & k) != 0;
}

static bool calculate(struct machine *m, uint16_t op, uint32_t k)
{
	if (op == BPF_AND)
		m->a &= k;
	else if (op == BPF_OR)
		m->a |= k;
	else if (op == BPF_LSH && k < 32)
		m->a <<= k;
	else if (op == BPF_RSH && k < 32)
		m->a >>= k;
	else if (op == BPF_ADD)
		m->a += k;
	else if (op == BPF_SUB)
		m->a -= k;
	else
		return false;
	return true;
}

/* One that neither jumps nor returns. False: there is no such instruction in a filter. */
static bool step(struct machine *m, const struct sock_filter *i)
{
	if (i->code == (BPF_LD | BPF_W | BPF_ABS)) {
		if (i->k % sizeof(m->a) != 0 || i->k > sizeof(*m->data) - sizeof(m->a))
			return false;
		memcpy(&m->a, (const char *)m->data + i->k, sizeof(m->a));
		return true;
	}
	if (BPF_CLASS(i->code) == BPF_ALU)
		return calculate(m, BPF_OP(i->code), BPF_SRC(i->code) == BPF_X ? m->x : i->k);
	if (i->code == (BPF_MISC | BPF_TAX))
		m->x = m->a;
	else if (i->code == (BPF_MISC | BPF_TXA))
		m->a = m->x;
	else if (i->code == (BPF_LD | BPF_IMM))
		m->a = i->k;
	else if (i->code == (BPF_LDX | BPF_IMM))
		m->x = i->k;
	else if (i->code == BPF_ST && i->k < BPF_MEMWORDS)
		m->mem[i->k] = m->a;
	else if (i->code == (BPF_LD | BPF_MEM) && i->k < BPF_MEMWORDS)
		m->a = m->mem[i->k];
	else if (i->code == (BPF_LDX | BPF_MEM) && i->k < BPF_MEMWORDS)
		m->x = m->mem[i->k];
	else
		return false;
	return true;
}

/* Jumps lead ahead only, so that it ends. R2 */
uint32_t crl_notify_verdict(const struct crl_filter *f, const struct seccomp_data *d)
{
	struct machine m = {.data = d};

	for (uint64_t at = 0; at < f->len; at++) {
		const struct sock_filter *i = &f->insn[at];

		if (BPF_CLASS(i->code) == BPF_RET)
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		if (BPF_CLASS(i->code) == BPF_JMP && BPF_OP(i->code) == BPF_JA)
			at += i->k;
		else if (BPF_CLASS(i->code) == BPF_JMP)
			at += jumps(BPF_OP(i->code), m.a, BPF_SRC(i->code) == BPF_X ? m.x : i->k) ? i->jt : i->jf;
		else if (!step(&m, i))
			break;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* ---- arguments ------------------------------------------------------------------------------------------------ */

static bool is_call(const struct seccomp_data *d, const char *name)
{
	return seccomp_syscall_resolve_name_arch(d->arch, name) == d->nr;
}

static uint64_t value_of_socket(const struct seccomp_data *d)
{
	return (d->args[0] & 0xffff) << 16 | (d->args[1] & SOCKET_TYPE);
}

bool crl_notify_value(const struct seccomp_data *d, uint64_t *ret)
{
	if (is_call(d, "ioctl"))
		*ret = (uint32_t)d->args[1];
	else if (is_call(d, "prctl") || is_call(d, "personality"))
		*ret = (uint32_t)d->args[0];
	else if (is_call(d, "socket") || is_call(d, "socketpair"))
		*ret = value_of_socket(d);
	else if (is_call(d, "unshare"))
		*ret = (uint32_t)d->args[0];
	else if (is_call(d, "clone"))
		*ret = (uint32_t)d->args[0] & ~(uint32_t)CLONE_SIGNAL;
	else
		return false;
	return true;
}
