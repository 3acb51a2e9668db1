// SPDX-License-Identifier: Apache-2.0
/*
 * What the kernel counts of a login's limits: which files tell it, and what came to pass between two looks.
 *
 * Runs in: helper, supervisor, carrelctl. Pure. Source: Documentation/admin-guide/cgroup-v2.rst.
 *
 * Limits stand on the user's slice, so what is counted there is of all their logins. A login's own cgroup counts only
 * where its manager gave it the controller (systemd does); those counts are believed first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define CRL_COUNT_UNKNOWN UINT64_MAX

enum crl_count {
	CRL_COUNT_KILLED_OWN, /* processes of the login ended for want of memory, by whatever limit */
	CRL_COUNT_KILLED, /* processes of the slice ended for want of memory */
	CRL_COUNT_OUT_OF_MEMORY, /* times that the slice's own limit was why */
	CRL_COUNT_REFUSED_OWN, /* forks refused in the login's cgroup (kernels before 6.12 count them there only) */
	CRL_COUNT_REFUSED, /* forks refused in the slice */
	CRL_COUNT_THROTTLED_US, /* time held back for want of quota, summed over processors */
	CRL_COUNT_IO_STALL_US, /* time in which all that could run waited for disks */
	CRL_COUNT_HIGH, /* times that the slice was above the memory at which the kernel holds back */
	CRL_COUNT_STALL_OWN_US, /* time in which all of the login that could run waited for memory */
	CRL_COUNT_STALL_US, /* time in which all of the slice that could run waited for memory */
	CRL_COUNT_LEN
};

/* Where a count is: after KEY and a space at the start of a line, or after KEY in the line that starts with @line. */
struct crl_count_place {
	bool own; /* in the login's cgroup, not in the slice */
	const char *file;
	const char *line;
	const char *key;
};
extern const struct crl_count_place crl_count_places[CRL_COUNT_LEN];

struct crl_counts {
	uint64_t n[CRL_COUNT_LEN]; /* CRL_COUNT_UNKNOWN = not told here */
	uint64_t memory; /* the slice's limits, CRL_COUNT_UNKNOWN = none of its own */
	uint64_t memory_high;
	uint64_t tasks;
	uint64_t cpu_permille;
	bool io_limited; /* it has a limit on some disk */
};

/* Nothing known. */
void crl_counts_init(struct crl_counts *c);

/* Find a count in the text of its file. */
uint64_t crl_count_find(const struct crl_count_place *place, const char *text);

/* A limit file's text as a number: "max" and nonsense are CRL_COUNT_UNKNOWN; cpu.max as per mille of one processor. */
uint64_t crl_count_limit(const char *text);
uint64_t crl_count_cpu_limit(const char *text);

/* What a login met between two looks. */
struct crl_met {
	uint64_t killed;
	uint64_t killed_limit; /* UNKNOWN: not for the slice's own limit; the host, or a budget, had no more */
	uint64_t refused; /* forks */
	uint64_t held_s; /* waited for memory; 0 unless it was a minute, or more than a tenth of the time */
	uint64_t held_limit; /* UNKNOWN: not at the slice's own; a hard limit, a budget or the host was short of it */
	uint64_t throttled_s; /* 0 unless it was more than a tenth of the time */
	uint64_t io_stall_s; /* the same, and only under a limit: the kernel does not tell what a wait was for */
};

/*
 * @seconds  between the looks
 * A count that is smaller than it was belongs to a cgroup made anew, and counts whole.
 */
struct crl_met crl_counts_met(const struct crl_counts *before, const struct crl_counts *now, uint64_t seconds);
