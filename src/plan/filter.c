// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's system call filter: rules about arguments first, then libseccomp's tree of plain verdicts.
 *
 * Runs in: helper, carrelctl.
 *  R1  What no rule names answers ENOSYS: numbers of newer kernels, x32, and i386 where it is not compat.
 *  R2  A wish for a filter gives a filter or an error, never an empty program.
 */
#include "plan/filter.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "plan/filter_args.h"
#include "plan/filter_set.h"
#include "proto/scope.h"

static void release_ctx(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

#define scoped_ctx __attribute__((cleanup(release_ctx))) scmp_filter_ctx

static int set_attributes(scmp_filter_ctx ctx, uint32_t compat)
{
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0); /* no_new_privs is the policy's own key */

	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* the usual kill looks like a crash to a 32-bit program; this looks like a kernel without it */
	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (rc == 0 && compat)
		rc = seccomp_arch_add(ctx, compat);
	return rc;
}

static int add_rules(scmp_filter_ctx ctx, const struct crl_filter_job *job, struct crl_err *err)
{
	for (int nr = CRL_CALL_MIN; nr <= CRL_CALL_MAX; nr++) {
		enum crl_answer answer = crl_callset_answer(job->set, nr);
		int rc;

		if (answer == CRL_ANSWER_ENOSYS || crl_filter_args_decides(job, nr))
			continue;
		rc = seccomp_rule_add(
			ctx, answer == CRL_ANSWER_ALLOW ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), nr, 0);
		if (rc < 0)
			return crl_err_set(err, -rc, CRL_STAGE_FILTER, "libseccomp takes no rule for call %d",
					   nr);
	}
	return 0;
}

/* libseccomp 2.5.4 exports to a descriptor only. */
static int export_program(scmp_filter_ctx ctx, struct crl_filter *f, struct crl_err *err)
{
	scoped_fd fd = memfd_create("filter", MFD_CLOEXEC);
	size_t room = (CRL_FILTER_MAX - f->len) * sizeof(f->insn[0]);
	off_t size;
	int rc;

	if (fd < 0)
		return crl_err_set(err, errno, CRL_STAGE_FILTER, "memfd_create");
	rc = seccomp_export_bpf(ctx, fd);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_FILTER, "libseccomp cannot write the filter");
	size = lseek(fd, 0, SEEK_END);
	if (size <= 0 || (size_t)size % sizeof(f->insn[0]) != 0)
		return crl_err_set(err, EIO, CRL_STAGE_FILTER, "libseccomp wrote half a filter");
	if ((size_t)size > room)
		return crl_err_set(err, E2BIG, CRL_STAGE_FILTER, "the filter has more than %u instructions",
				   CRL_FILTER_MAX);
	if (pread(fd, &f->insn[f->len], (size_t)size, 0) != size)
		return crl_err_set(err, EIO, CRL_STAGE_FILTER, "the filter cannot be read back");
	f->len += (uint32_t)((size_t)size / sizeof(f->insn[0]));
	return 0;
}

static int compile(const struct crl_filter_job *job, struct crl_filter *f, struct crl_err *err)
{
	scoped_ctx ctx = NULL;
	int rc = crl_filter_args_write(job, f->insn, CRL_FILTER_MAX, &f->len, err);

	if (rc < 0)
		return rc;
	ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!ctx)
		return crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "libseccomp");
	rc = set_attributes(ctx, job->compat);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_FILTER,
				   "libseccomp refuses an attribute of the filter");
	rc = add_rules(ctx, job, err);
	return rc < 0 ? rc : export_program(ctx, f, err);
}

int crl_filter_compile(const struct crl_seccomp *s, const struct crl_sysgroups *groups, uint32_t setns_flags,
		       struct crl_filter *ret, struct crl_err *err)
{
	struct crl_filter_job job = { .wish = s, .setns_flags = setns_flags, .native = SCMP_ARCH_X86_64 };
	scoped_free struct crl_callset *set = NULL;
	int rc;

	ret->len = 0;
	if (s->base[0] == '\0' && s->allow.len == 0 && s->deny.len == 0)
		return 0;
	if (s->base[0] == '\0')
		return crl_err_set(err, EINVAL, CRL_STAGE_FILTER, "seccomp: allow and deny need a base");
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		return crl_err_set(err, EOPNOTSUPP, CRL_STAGE_FILTER,
				   "there is no filter for this architecture");
	job.compat = s->compat ? SCMP_ARCH_X86 : 0;
	set = malloc(sizeof(*set));
	if (!set)
		return crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "set of system calls");
	rc = crl_callset_build(s, groups, set, err);
	job.set = set;
	if (rc == 0)
		rc = compile(&job, ret, err);
	if (rc < 0)
		ret->len = 0;
	return rc;
}

uint32_t crl_filter_load_flags(const struct crl_seccomp *s)
{
	return s->log ? SECCOMP_FILTER_FLAG_LOG : 0;
}
