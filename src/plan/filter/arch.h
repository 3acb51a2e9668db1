// SPDX-License-Identifier: Apache-2.0
/*
 * Architectures that filters can be made for, and the numbers that one call has on each.
 *
 * Runs in: helper, carrelctl. Pure. Names and numbers are libseccomp's, whose tokens of architectures are the kernel's
 * AUDIT_ARCH_*. All are little-endian.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CRL_NO_CALL (-1) /* libseccomp's __NR_SCMP_ERROR */
#define CRL_CALL_NAME 48 /* bytes of the longest name of a call with its NUL; the longest is of 26 */
#define CRL_CALL_SHARED 424 /* from here on a call has one number on all architectures */

struct crl_arch {
	uint32_t native; /* AUDIT_ARCH_* */
	uint32_t compat; /* of 32-bit programs on it, 0 = none here */
};

/* The row of architecture @native, 0 = this machine's; NULL when there are no filters for it. */
const struct crl_arch *crl_arch_find(uint32_t native);

/*
 * The number of call @name on @arch, a negative one of libseccomp's for a call that only others have, CRL_NO_CALL for a
 * name that it does not know.
 */
int crl_arch_number(uint32_t arch, const char *name);

/* The name that number @nr has on @arch. False when libseccomp knows none. */
bool crl_arch_name(uint32_t arch, int nr, char name[CRL_CALL_NAME]);
