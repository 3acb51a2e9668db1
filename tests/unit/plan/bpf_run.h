// SPDX-License-Identifier: Apache-2.0
/*
 * An interpreter of eBPF for tests: the instructions that a gate's programs may have, and no others. It fails the test
 * for what the kernel's verifier would refuse: a jump back, a register that was never set, memory that is not the
 * program's, a verdict beside 0 and 1. Source: Documentation/bpf/standardization/instruction-set.rst.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/bpf.h>

#define RUN_STACK 512

struct run {
	uint64_t reg[11];
	bool set[11];
	_Alignas(16) uint8_t stack[RUN_STACK];
	bool written[RUN_STACK];
	void *context;
	size_t context_size;
	struct bpf_sock *sk;
	const uint8_t *packet;
	size_t packet_len;
	uint32_t uid;
	const char *comm; /* of the process that is judged */
	size_t steps;
};

static uint64_t run_read(struct run *r, uint8_t reg)
{
	assert_true(r->set[reg]);
	return r->reg[reg];
}

static void run_write(struct run *r, uint8_t reg, uint64_t value)
{
	assert_in_range(reg, 0, 9);
	r->reg[reg] = value;
	r->set[reg] = true;
}

static bool run_is_in(uint64_t at, size_t size, const void *area, size_t area_size)
{
	uint64_t begin = (uint64_t)(uintptr_t)area;

	return area && at >= begin && at + size <= begin + area_size;
}

static uint8_t *run_at(struct run *r, uint64_t at, size_t size, bool write)
{
	if (run_is_in(at, size, r->stack, sizeof(r->stack))) {
		size_t offset = (size_t)(at - (uint64_t)(uintptr_t)r->stack);

		for (size_t i = 0; i < size; i++) {
			assert_true(write || r->written[offset + i]);
			r->written[offset + i] = true;
		}
	} else {
		assert_true(run_is_in(at, size, r->context, r->context_size) ||
			    (!write && run_is_in(at, size, r->sk, r->sk ? sizeof(*r->sk) : 0)));
	}
	assert_int_equal(at % size, 0);
	return (uint8_t *)(uintptr_t)at;
}

static size_t run_size(uint8_t code)
{
	switch (code & 0x18) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

static void run_load(struct run *r, const struct bpf_insn *i)
{
	size_t size = run_size(i->code);
	const uint8_t *from = run_at(r, run_read(r, i->src_reg) + (uint64_t)(int64_t)i->off, size, false);
	uint8_t b = 0;
	uint16_t h = 0;
	uint32_t w = 0;
	uint64_t d = 0;

	memcpy(&b, from, 1);
	memcpy(&h, from, size >= 2 ? 2 : 0);
	memcpy(&w, from, size >= 4 ? 4 : 0);
	memcpy(&d, from, size == 8 ? 8 : 0);
	run_write(r, i->dst_reg, size == 1 ? b : size == 2 ? h : size == 4 ? w : d);
}

static void run_alu(struct run *r, const struct bpf_insn *i)
{
	uint32_t k = (uint32_t)i->imm;
	uint64_t v;
	uint16_t half;
	uint8_t bytes[2];

	switch (i->code) {
	case BPF_ALU64 | BPF_MOV | BPF_X:
		run_write(r, i->dst_reg, run_read(r, i->src_reg));
		return;
	case BPF_ALU64 | BPF_ADD | BPF_K:
		run_write(r, i->dst_reg, run_read(r, i->dst_reg) + (uint64_t)(int64_t)i->imm);
		return;
	case BPF_ALU | BPF_MOV | BPF_K:
		run_write(r, i->dst_reg, k);
		return;
	case BPF_ALU | BPF_END | BPF_TO_BE:
		assert_int_equal(i->imm, 16);
		half = (uint16_t)run_read(r, i->dst_reg);
		memcpy(bytes, &half, 2);
		run_write(r, i->dst_reg, (uint64_t)bytes[0] << 8 | bytes[1]);
		return;
	default:
		break;
	}
	v = run_read(r, i->dst_reg);
	if (i->code == (BPF_ALU | BPF_AND | BPF_K))
		run_write(r, i->dst_reg, (uint32_t)v & k);
	else if (i->code == (BPF_ALU | BPF_LSH | BPF_K))
		run_write(r, i->dst_reg, (uint32_t)v << k);
	else if (i->code == (BPF_ALU | BPF_ADD | BPF_K))
		run_write(r, i->dst_reg, (uint32_t)v + k);
	else
		fail_msg("instruction 0x%x", i->code);
}

static bool run_compare(struct run *r, const struct bpf_insn *i)
{
	uint64_t a, b;

	if (i->code == (BPF_JMP | BPF_JA))
		return true;
	a = run_read(r, i->dst_reg);
	if (i->code == (BPF_JMP | BPF_JNE | BPF_K))
		return a != (uint64_t)(int64_t)i->imm;
	a = (uint32_t)a;
	b = (uint32_t)i->imm;
	switch (i->code) {
	case BPF_JMP32 | BPF_JNE | BPF_X:
		return a != (uint32_t)run_read(r, i->src_reg);
	case BPF_JMP32 | BPF_JNE | BPF_K:
		return a != b;
	case BPF_JMP32 | BPF_JEQ | BPF_K:
		return a == b;
	case BPF_JMP32 | BPF_JLT | BPF_K:
		return a < b;
	case BPF_JMP32 | BPF_JGT | BPF_K:
		return a > b;
	default:
		fail_msg("instruction 0x%x", i->code);
		return false;
	}
}

static void run_call(struct run *r, int helper)
{
	uint64_t answer = 0;

	if (helper == BPF_FUNC_sk_fullsock) {
		answer = run_read(r, 1);
	} else if (helper == BPF_FUNC_skb_load_bytes) {
		uint64_t offset = run_read(r, 2), size = run_read(r, 4);

		assert_int_equal(run_read(r, 1), (uint64_t)(uintptr_t)r->context);
		assert_in_range(size, 1, 16);
		for (uint64_t i = 0; i < size; i++) {
			uint8_t *to = run_at(r, run_read(r, 3) + i, 1, true);

			*to = offset + size <= r->packet_len ? r->packet[offset + i] : 0;
		}
		answer = offset + size <= r->packet_len ? 0 : (uint64_t)-14;
	} else if (helper == BPF_FUNC_get_current_uid_gid) {
		answer = (uint64_t)1 << 32 | r->uid;
	} else if (helper == BPF_FUNC_get_current_comm) {
		uint64_t size = run_read(r, 2);

		assert_int_equal(size, 16);
		for (uint64_t i = 0; i <= strlen(r->comm); i++) /* and nothing behind: so do some kernels */
			*run_at(r, run_read(r, 1) + i, 1, true) = (uint8_t)r->comm[i];
	} else {
		fail_msg("helper %d", helper);
	}
	for (uint8_t i = 1; i <= 5; i++)
		r->set[i] = false;
	run_write(r, 0, answer);
}

/* Each instruction has to be one that something leads to. All jumps lead ahead. */
static void run_is_reached(const struct bpf_insn *insn, size_t len)
{
	bool *reached = calloc(len + 1, sizeof(*reached));

	assert_non_null(reached);
	reached[0] = true;
	for (size_t at = 0; at < len; at++) {
		const struct bpf_insn *i = &insn[at];
		bool jumps = BPF_CLASS(i->code) == BPF_JMP || BPF_CLASS(i->code) == BPF_JMP32;
		bool calls = jumps && BPF_OP(i->code) == BPF_CALL, ends = jumps && BPF_OP(i->code) == BPF_EXIT;

		assert_true(reached[at]);
		if (jumps && !calls && !ends) {
			assert_in_range(i->off, 0, (int)(len - at - 2));
			reached[at + 1 + (size_t)i->off] = true;
		}
		reached[at + 1] = reached[at + 1] || !(ends || i->code == (BPF_JMP | BPF_JA));
	}
	assert_false(reached[len]);
	free(reached);
}

/* Returns the verdict. */
static int run_program(struct run *r, const struct bpf_insn *insn, size_t len)
{
	memset(r->written, 0, sizeof(r->written));
	memset(r->set, 0, sizeof(r->set));
	r->steps = 0;
	r->reg[1] = (uint64_t)(uintptr_t)r->context;
	r->reg[10] = (uint64_t)(uintptr_t)r->stack + sizeof(r->stack);
	r->set[1] = r->set[10] = true;
	for (size_t at = 0; at < len; at++, r->steps++) {
		const struct bpf_insn *i = &insn[at];

		switch (BPF_CLASS(i->code)) {
		case BPF_LDX:
			assert_int_equal(i->code & 0xe0, BPF_MEM);
			run_load(r, i);
			continue;
		case BPF_STX: {
			uint32_t word = (uint32_t)run_read(r, i->src_reg);

			assert_int_equal(i->code, BPF_STX | BPF_MEM | BPF_W);
			memcpy(run_at(r, run_read(r, i->dst_reg) + (uint64_t)(int64_t)i->off, 4, true), &word, 4);
			continue;
		}
		case BPF_ALU:
		case BPF_ALU64:
			run_alu(r, i);
			continue;
		default:
			break;
		}
		if (i->code == (BPF_JMP | BPF_EXIT)) {
			assert_in_range(run_read(r, 0), 0, 1);
			return (int)r->reg[0];
		}
		if (i->code == (BPF_JMP | BPF_CALL)) {
			run_call(r, i->imm);
		} else if (run_compare(r, i)) {
			assert_true(i->off >= 0);
			at += (size_t)i->off;
		}
	}
	fail_msg("the program has no end");
	return -1;
}
