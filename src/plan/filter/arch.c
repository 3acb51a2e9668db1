// SPDX-License-Identifier: Apache-2.0
/* See arch.h. */
#include "plan/filter/arch.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>

#include "base/scope.h"

/* 32-bit ARM has calls of its own beyond all tables, so arm64 has no compat here. */
static const struct crl_arch arches[] = {
	{AUDIT_ARCH_X86_64, AUDIT_ARCH_I386},
	{AUDIT_ARCH_AARCH64, 0},
};

_Static_assert(CRL_NO_CALL == __NR_SCMP_ERROR, "libseccomp's word for an unknown name");

const struct crl_arch *crl_arch_find(uint32_t native)
{
	if (native == 0)
		native = seccomp_arch_native();
	for (size_t i = 0; i < CRL_ARRAY_LEN(arches); i++)
		if (arches[i].native == native)
			return &arches[i];
	return NULL;
}

int crl_arch_number(uint32_t arch, const char *name)
{
	return seccomp_syscall_resolve_name_arch(arch, name);
}

bool crl_arch_name(uint32_t arch, int nr, char name[CRL_CALL_NAME])
{
	scoped_free char *known = seccomp_syscall_resolve_num_arch(arch, nr);

	if (!known)
		return false;
	(void)snprintf(name, CRL_CALL_NAME, "%s", known);
	return true;
}
