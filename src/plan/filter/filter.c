// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's system call filter: what each number says on each architecture, brought to a program. Of libseccomp it has
 * names and numbers only.
 *
 * Runs in: helper, carrelctl. Pure.
 *  R1  What no rule names answers ENOSYS: numbers of newer kernels, x32, and i386 where it is not compat.
 *  R2  A wish for a filter gives a filter or an error, never an empty program.
 *  R3  A call that has a guard is decided by it alone, at each of its numbers.
 */
#include "plan/filter/filter.h"

#include <errno.h>
#include <stdlib.h>

#include "base/scope.h"
#include "plan/filter/args.h"
#include "plan/filter/hold.h"
#include "plan/filter/program.h"
#include "plan/filter/set.h"

#define RUNS_MAX (CRL_CALL_MAX + 2) /* each number may be one of its own, and all above the last are one */

/* What a program is made of, for at most two architectures. */
struct material {
	struct crl_callset set;
	struct crl_guards guards;
	struct crl_call_run run[2][RUNS_MAX];
	struct crl_call_tree tree[2];
};

/* The number that the set has its verdicts under: the native one. */
static int native_number(const struct crl_callset *set, uint32_t arch, int nr, const char *name)
{
	if (arch == set->arch)
		return nr;
	if (name[0])
		return crl_arch_number(set->arch, name);
	return nr >= CRL_CALL_SHARED ? nr : CRL_NO_CALL;
}

static struct crl_call_run run_of(const struct material *m, uint32_t arch, int nr)
{
	struct crl_call_run run = {.first = (uint32_t)nr};
	char name[CRL_CALL_NAME] = "";
	const struct crl_guard *guard;

	(void)crl_arch_name(arch, nr, name); /* "" for what libseccomp does not know */
	/* R3 */
	guard = crl_guards_find(&m->guards, name, nr);
	if (guard && guard->len > 0)
		run.guard = guard;
	else if (guard)
		run.verdict = guard->otherwise;
	else
		run.verdict = crl_callset_verdict(&m->set, native_number(&m->set, arch, nr, name));
	return run;
}

static void plant(struct material *m, size_t i, uint32_t arch)
{
	struct crl_call_run *last = NULL, *next = m->run[i];

	for (int nr = 0; nr <= CRL_CALL_MAX; nr++) {
		const struct crl_call_run run = run_of(m, arch, nr);

		if (last && last->guard == run.guard && crl_verdict_is(last->verdict, run.verdict))
			continue;
		*next = run;
		last = next++;
	}
	*next++ = (struct crl_call_run){.first = CRL_CALL_MAX + 1, .verdict = CRL_ERRNO(ENOSYS)}; /* R1 */
	m->tree[i] = (struct crl_call_tree){arch, m->run[i], (size_t)(next - m->run[i])};
}

static int compile(const struct crl_filter_job *job, const struct crl_arch *arch, struct material *m,
		   struct crl_filter *ret, struct crl_err *err)
{
	struct crl_program program = {
		.guards = &m->guards, .tree = m->tree, .len = 1, .elsewhere = CRL_ERRNO(ENOSYS)}; /* R1 */
	int rc = crl_filter_args_add(job, &m->guards, err);

	if (rc < 0)
		return rc;
	plant(m, 0, arch->native);
	if (job->wish->compat && arch->compat) {
		plant(m, 1, arch->compat);
		program.len++;
	}
	return crl_program_write(&program, ret, err);
}

int crl_filter_compile(const struct crl_seccomp *s, const struct crl_sysgroups *groups,
		       const struct crl_filter_room *room, struct crl_filter *ret, struct crl_err *err)
{
	const struct crl_arch *arch = crl_arch_find(room->arch);
	bool none = s->base[0] == '\0' && !crl_seccomp_has_lists(s);
	scoped_free struct material *m = NULL;
	int rc;

	ret->len = 0;
	if (none && !room->holds_projects)
		return 0;
	if (s->base[0] == '\0' && !none) /* R2 */
		return crl_err_set(err, EINVAL, CRL_STAGE_FILTER, "seccomp: allow, deny, args and answers need a base");
	if (!arch)
		return crl_err_set(err, EOPNOTSUPP, CRL_STAGE_FILTER, "there is no filter for this architecture");
	if (none)
		return crl_hold_write(arch, ret, err);
	m = calloc(1, sizeof(*m));
	if (!m)
		return crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "set of system calls");
	rc = crl_callset_build_for(arch, s, groups, &m->set, err);
	if (rc < 0)
		return rc;
	return compile(&(const struct crl_filter_job){s, &m->set, *room}, arch, m, ret, err);
}
