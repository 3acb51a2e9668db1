// SPDX-License-Identifier: Apache-2.0
/*
 * System calls that a filter refused, as the kernel's log has them where nobody takes its audit records.
 *
 * Runs in: helper, carrelctl; root. Source: Documentation/ABI/testing/dev-kmsg, kernel/auditsc.c (audit_seccomp).
 * Trusts: the kernel's own lines only. Programs can write to the log as well, and choose their names.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define CRL_KERNLOG "/dev/kmsg"
#define CRL_COMM_MAX 16

struct crl_denial {
	int64_t when_ms; /* CLOCK_REALTIME */
	uint32_t uid;
	uint32_t pid;
	uint32_t arch; /* AUDIT_ARCH_… */
	uint32_t call; /* its number there */
	char comm[CRL_COMM_MAX]; /* the program's name for itself: hostile text */
};

/*
 * Read one record of the log. @record  NUL-terminated
 * Returns 0; -ENOENT it is about something else; -EBADMSG it is not as the kernel writes it.
 */
int crl_denial_parse(const char *record, struct crl_denial *ret) CRL_MUST_CHECK;

/* Is it one that stops nothing? glibc asks for clone3 with each thread, and is content with clone. */
bool crl_denial_is_usual(const struct crl_denial *denial);

typedef void crl_denial_each(void *arg, const struct crl_denial *denial);

/*
 * Call @each for every refusal that is in the log now, oldest first.
 * @fd  of CRL_KERNLOG, non-blocking, freshly opened
 * Returns 0 or -errno.
 */
int crl_denials_read(int fd, crl_denial_each *each, void *arg) CRL_MUST_CHECK;
