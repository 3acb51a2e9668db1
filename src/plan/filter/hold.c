// SPDX-License-Identifier: Apache-2.0
/* See hold.h. */
#include "plan/filter/hold.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <stdlib.h>

#include "base/scope.h"
#include "plan/filter/program.h"

#define FILE_SETATTR 469 /* file_setattr(2), Linux 6.17, on all architectures */
#define X32_BIT 0x40000000u
#define IOCTL_X32 514 /* some kernels take it without the bit */

#define RUNS_MAX 16

/* R1. The same in both widths, but for the flags; a 64-bit program may use either number. */
static const uint32_t ioctls[] = {FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS};

void crl_hold_requests(struct crl_guards *guards)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(ioctls); i++)
		crl_guard_when_is(guards, CRL_ERRNO(EOPNOTSUPP), 1, ioctls[i]);
}

void crl_hold_call(struct crl_guards *guards)
{
	crl_guard_begin_number(guards, "file_setattr", FILE_SETATTR);
	crl_guard_otherwise(guards, CRL_ERRNO(ENOSYS));
}

struct runs {
	struct crl_call_run item[RUNS_MAX];
	size_t len;
};

/* Between the numbers that are added, in rising order, all is allowed. */
static void add(struct runs *r, uint32_t nr, const struct crl_guard *guard)
{
	r->item[r->len++] = (struct crl_call_run){.first = nr, .verdict = CRL_ERRNO(ENOSYS), .guard = guard};
	r->item[r->len++] = (struct crl_call_run){.first = nr + 1, .verdict = CRL_ALLOW};
}

static void fill(struct runs *r, uint32_t arch, const struct crl_guard *ioctl)
{
	bool is_x86_64 = arch == AUDIT_ARCH_X86_64;

	r->item[r->len++] = (struct crl_call_run){.first = 0, .verdict = CRL_ALLOW};
	for (uint32_t bit = 0; bit <= (is_x86_64 ? X32_BIT : 0); bit += X32_BIT) {
		add(r, bit | (uint32_t)crl_arch_number(arch, "ioctl"), ioctl);
		add(r, bit | FILE_SETATTR, NULL);
		if (is_x86_64)
			add(r, bit | IOCTL_X32, ioctl);
	}
}

int crl_hold_write(const struct crl_arch *arch, struct crl_filter *ret, struct crl_err *err)
{
	const uint32_t arches[] = {arch->native, arch->compat};
	scoped_free struct crl_guards *guards = calloc(1, sizeof(*guards));
	struct runs runs[CRL_ARRAY_LEN(arches)] = {0};
	struct crl_call_tree tree[CRL_ARRAY_LEN(arches)];
	struct crl_program program = {.guards = guards, .tree = tree, .elsewhere = CRL_ERRNO(ENOSYS)};

	if (!guards)
		return crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "rules about arguments");
	crl_guard_begin(guards, "ioctl");
	crl_hold_requests(guards);
	for (size_t i = 0; i < CRL_ARRAY_LEN(arches) && arches[i]; i++) {
		fill(&runs[i], arches[i], &guards->guard[0]);
		tree[program.len++] = (struct crl_call_tree){arches[i], runs[i].item, runs[i].len};
	}
	return crl_program_write(&program, ret, err);
}
