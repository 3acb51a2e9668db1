// SPDX-License-Identifier: Apache-2.0
/*
 * How gate_program.c writes instructions of eBPF: a program longer than the most that it may have is spoiled.
 *
 * Runs in: helper, carrelctl. Pure. For that file alone.
 */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/net/gate_program.h"

#define SPOILED SIZE_MAX
#define JUMPS_MAX 8

struct jumps { /* that wait for their target */
	size_t at[JUMPS_MAX];
	size_t len;
};

struct assembler {
	struct bpf_insn *insn; /* CRL_GATE_INSNS_MAX of them */
	size_t len; /* SPOILED = they were not enough */
	const struct crl_gate_host *host;
	const struct crl_nat_rules *rules;
	bool reach; /* else what is bound is judged */
	bool protocols, forwards; /* of SOCKET: what it is made for */
};

static inline void put(struct assembler *w, struct bpf_insn one)
{
	if (w->len < CRL_GATE_INSNS_MAX)
		w->insn[w->len++] = one;
	else
		w->len = SPOILED;
}

static inline void load(struct assembler *w, uint8_t size, uint8_t to, uint8_t from, size_t offset)
{
	put(w, (struct bpf_insn){.code = BPF_LDX | BPF_MEM | size,
				 .dst_reg = to & 15u,
				 .src_reg = from & 15u,
				 .off = (int16_t)offset});
}

static inline void store(struct assembler *w, uint8_t at, size_t offset, uint8_t from)
{
	put(w, (struct bpf_insn){.code = BPF_STX | BPF_MEM | BPF_W,
				 .dst_reg = at & 15u,
				 .src_reg = from & 15u,
				 .off = (int16_t)offset});
}

static inline void set(struct assembler *w, uint8_t to, uint32_t value)
{
	put(w, (struct bpf_insn){.code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = to & 15u, .imm = (int32_t)value});
}

static inline void copy(struct assembler *w, uint8_t to, uint8_t from)
{
	put(w, (struct bpf_insn){.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = to & 15u, .src_reg = from & 15u});
}

static inline void count(struct assembler *w, uint8_t operation, uint8_t to, uint32_t value)
{
	put(w, (struct bpf_insn){.code = BPF_ALU | operation | BPF_K, .dst_reg = to & 15u, .imm = (int32_t)value});
}

static inline void call(struct assembler *w, int32_t helper)
{
	put(w, (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = helper});
}

/* A network's 16 bits as a number: as htons() says, which the program's machine is free to. */
static inline void to_number(struct assembler *w, uint8_t reg)
{
	put(w, (struct bpf_insn){.code = BPF_ALU | BPF_END | BPF_TO_BE, .dst_reg = reg & 15u, .imm = 16});
}

/* Ahead to what land() says, if the lower half of @reg compares so with @value. */
static inline void leap(struct assembler *w, struct jumps *j, uint8_t operation, uint8_t reg, uint32_t value)
{
	uint8_t code = operation == BPF_JA ? BPF_JMP | BPF_JA : BPF_JMP32 | operation | BPF_K;

	if (j->len < JUMPS_MAX && w->len != SPOILED)
		j->at[j->len++] = w->len;
	else
		w->len = SPOILED;
	put(w, (struct bpf_insn){.code = code, .dst_reg = reg & 15u, .imm = (int32_t)value});
}

static inline void land(struct assembler *w, struct jumps *j)
{
	for (size_t i = 0; i < j->len && w->len != SPOILED; i++)
		w->insn[j->at[i]].off = (int16_t)(w->len - j->at[i] - 1);
	j->len = 0;
}

static inline void answer(struct assembler *w, bool may)
{
	set(w, BPF_REG_0, may);
	put(w, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}
