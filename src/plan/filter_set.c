// SPDX-License-Identifier: Apache-2.0
/*
 * Names and groups of system calls to verdicts.
 *
 * Runs in: helper, carrelctl.
 */
#include "plan/filter_set.h"

#include <seccomp.h>
#include <string.h>

#define GROUP_DEPTH_MAX 8
#define NEWER_SUFFIX    "-newer"

enum mark {
	MARK_ALLOWED = 1 << 0,
	MARK_DENIED = 1 << 1,
	MARK_EPERM = 1 << 2, /* answer where it is not allowed, from the groups' file */
	MARK_ENOSYS = 1 << 3,
	MARK_WHOLE = 1 << 4, /* named itself in the policy's allow */
};

struct walk {
	const struct crl_sysgroups *groups;
	struct crl_callset *set;
	struct crl_err *err;
};

/* R4. The names with 32 are i386's; where only the old ones are left a program of that time calls them. */
static const char *const privilege_drops[] = {
	"setuid",      "setgid",      "setreuid",   "setregid",   "setresuid",  "setresgid",  "setgroups",
	"setfsuid",    "setfsgid",    "setuid32",   "setgid32",   "setreuid32", "setregid32", "setresuid32",
	"setresgid32", "setgroups32", "setfsuid32", "setfsgid32", "capset",
};

static uint8_t *mark_of(struct crl_callset *set, int nr)
{
	return &set->marks[nr - CRL_CALL_MIN];
}

static bool is_in_range(int nr)
{
	return nr >= CRL_CALL_MIN && nr <= CRL_CALL_MAX;
}

/* R1. @where is "seccomp.allow", "seccomp.deny" or a group's name. */
static bool may_be_unknown(const char *where)
{
	size_t len = strlen(where), end = strlen(NEWER_SUFFIX);

	return where[0] == '@' && len > end && strcmp(where + len - end, NEWER_SUFFIX) == 0;
}

/* @ret_nr is __NR_SCMP_ERROR for a call that may be unknown to this libseccomp, and is. */
static int resolve(const struct walk *w, const char *where, const char *name, int *ret_nr)
{
	bool optional = name[0] == '?';
	int nr = seccomp_syscall_resolve_name(name + optional);

	if (nr == __NR_SCMP_ERROR && !optional && !may_be_unknown(where))
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: there is no system call '%s'",
				   where, name);
	if (nr != __NR_SCMP_ERROR && !is_in_range(nr))
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: '%s' has the unusable number %d",
				   where, name, nr);
	*ret_nr = nr;
	return 0;
}

static int mark_list(const struct walk *w, const struct crl_strv *list, const char *where, uint8_t mark,
		     int depth)
{
	if (depth > GROUP_DEPTH_MAX)
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: groups nest too deep", where);
	for (size_t i = 0; i < list->len; i++) {
		const char *name = list->item[i];
		const struct crl_sysgroup *group;
		int nr = __NR_SCMP_ERROR;
		int rc;

		if (name[0] != '@') {
			rc = resolve(w, where, name, &nr);
			if (rc == 0 && nr != __NR_SCMP_ERROR)
				*mark_of(w->set, nr) |= mark;
		} else {
			group = crl_sysgroups_find(w->groups, name);
			rc = group ? mark_list(w, &group->calls, group->name, mark, depth + 1)
				   : crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER,
						 "%s: there is no group '%s'", where, name);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The first group that lists a call by its own name says what the call answers; nested groups keep their own
 * answer. */
static int mark_answers(const struct walk *w, const struct crl_sysgroup *group)
{
	for (size_t i = 0; i < group->calls.len; i++) {
		int nr = __NR_SCMP_ERROR;
		uint8_t *mark;
		int rc;

		if (group->calls.item[i][0] == '@')
			continue;
		rc = resolve(w, group->name, group->calls.item[i], &nr);
		if (rc < 0)
			return rc;
		if (nr == __NR_SCMP_ERROR || group->answer == CRL_ANSWER_ALLOW)
			continue;
		mark = mark_of(w->set, nr);
		if (!(*mark & (MARK_EPERM | MARK_ENOSYS)))
			*mark |= group->answer == CRL_ANSWER_EPERM ? MARK_EPERM : MARK_ENOSYS;
	}
	return 0;
}

static int mark_base(const struct walk *w, const char *base)
{
	const struct crl_sysgroup *group = crl_sysgroups_find(w->groups, base);

	if (!group)
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "seccomp.base: there is no group '%s'",
				   base);
	if (group->answer != CRL_ANSWER_ALLOW)
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER,
				   "seccomp.base: '%s' is a group of calls to refuse", base);
	return mark_list(w, &group->calls, group->name, MARK_ALLOWED, 0);
}

/* Only a call's own name lifts its argument rules: "@login" in allow must not open CLONE_NEWUSER by the way.
 */
static int mark_whole(const struct walk *w, const struct crl_strv *allow)
{
	for (size_t i = 0; i < allow->len; i++) {
		int nr = __NR_SCMP_ERROR;
		int rc;

		if (allow->item[i][0] == '@')
			continue;
		rc = resolve(w, "seccomp.allow", allow->item[i], &nr);
		if (rc < 0)
			return rc;
		if (nr != __NR_SCMP_ERROR)
			*mark_of(w->set, nr) |= MARK_WHOLE;
	}
	return 0;
}

static int check_verdicts(const struct walk *w, bool compat)
{
	if (crl_callset_answer_by_name(w->set, "clone3") == CRL_ANSWER_ALLOW)
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER,
				   "clone3 cannot be allowed: no filter can read its flags");
	for (size_t i = 0; i < CRL_ARRAY_LEN(privilege_drops); i++) {
		const char *name = privilege_drops[i];

		if (!compat && seccomp_syscall_resolve_name(name) < 0)
			continue;
		if (crl_callset_answer_by_name(w->set, name) != CRL_ANSWER_ALLOW)
			return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER,
					   "%s must not be refused: a program would go on with the rights it "
					   "meant to drop",
					   name);
	}
	return 0;
}

int crl_callset_build(const struct crl_seccomp *s, const struct crl_sysgroups *groups,
		      struct crl_callset *ret, struct crl_err *err)
{
	struct walk w = { .groups = groups, .set = ret, .err = err };
	int rc = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; rc == 0 && i < groups->len; i++)
		rc = mark_answers(&w, &groups->item[i]);
	if (rc == 0)
		rc = mark_base(&w, s->base);
	if (rc == 0)
		rc = mark_list(&w, &s->allow, "seccomp.allow", MARK_ALLOWED, 0);
	if (rc == 0)
		rc = mark_whole(&w, &s->allow);
	if (rc == 0)
		rc = mark_list(&w, &s->deny, "seccomp.deny", MARK_DENIED, 0);
	return rc == 0 ? check_verdicts(&w, s->compat) : rc;
}

enum crl_answer crl_callset_answer(const struct crl_callset *set, int nr)
{
	uint8_t mark = set->marks[nr - CRL_CALL_MIN];

	if ((mark & MARK_ALLOWED) && !(mark & MARK_DENIED))
		return CRL_ANSWER_ALLOW;
	if (mark & MARK_ENOSYS)
		return CRL_ANSWER_ENOSYS;
	return mark & (MARK_EPERM | MARK_DENIED) ? CRL_ANSWER_EPERM : CRL_ANSWER_ENOSYS;
}

enum crl_answer crl_callset_answer_by_name(const struct crl_callset *set, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr == __NR_SCMP_ERROR || !is_in_range(nr) ? CRL_ANSWER_ENOSYS : crl_callset_answer(set, nr);
}

bool crl_callset_is_whole(const struct crl_callset *set, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr != __NR_SCMP_ERROR && is_in_range(nr) && set->marks[nr - CRL_CALL_MIN] & MARK_WHOLE;
}
