// SPDX-License-Identifier: Apache-2.0
/* The one reader of /proc/PID/stat. Runs in: every product. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct crl_procstat {
	char state; /* as ps(1) has it: 'Z' and 'X' are dead */
	pid_t parent; /* 0 = it is not of the PID namespace that is looked at */
	bool has_tty; /* a controlling terminal, which has not been hung up */
	uint64_t start; /* ticks after the boot: with its number it names one process for good. 0 = not told */
};

/* @text  the whole of it; the name in it is the process's own choice. Returns 0 or -EBADMSG. */
int crl_procstat_parse(const char *text, struct crl_procstat *ret) CRL_MUST_CHECK;

/* @proc  a /proc, open as a directory. @pid  as it numbers them. Returns 0 or -errno: it is gone, or not shown. */
int crl_procstat_read(int proc, pid_t pid, struct crl_procstat *ret) CRL_MUST_CHECK;

/* As crl_procstat_read(), by the proc that is mounted at /proc. */
int crl_procstat_of(pid_t pid, struct crl_procstat *ret) CRL_MUST_CHECK;

/* Its parent there, 0 when it cannot be told. */
pid_t crl_process_parent(pid_t pid);

/* When it began, as crl_procstat.start; 0 when it is dead, reaped or not, or cannot be looked at. */
uint64_t crl_process_start(pid_t pid);

static inline bool crl_procstat_is_dead(const struct crl_procstat *s)
{
	return s->state == 'Z' || s->state == 'X';
}
