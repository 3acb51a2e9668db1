// SPDX-License-Identifier: Apache-2.0
/*
 * Names and groups of system calls to verdicts.
 *
 * Runs in: helper, carrelctl.
 */
#include "plan/filter/set.h"

#include <errno.h>
#include <linux/audit.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/scope.h"
#include "plan/filter/twins.h"

#define GROUP_DEPTH_MAX 8
#define NEWER_SUFFIX "-newer"

enum mark {
	MARK_ALLOWED = 1 << 0,
	MARK_DENIED = 1 << 1,
	MARK_ANSWER = 1 << 2, /* a group says what it answers where it is not allowed */
	MARK_WHOLE = 1 << 3, /* named itself in the policy's allow */
	MARK_LISTED = 1 << 4, /* in some group */
	MARK_HELD = 1 << 5, /* stays refused in mode "log" */
};

struct family_walk {
	const struct crl_sysgroups *groups;
	struct crl_callset *set;
	struct crl_err *err;
};

/* R6 */
static const char *const held[] = {
	"clone3", "unshare", "setns", "io_uring_setup", "io_uring_enter", "io_uring_register",
};

/* R4. The names with 32 are i386's; where only the old ones are left a program of that time calls them. */
static const char *const privilege_drops[] = {
	"setuid",      "setgid",      "setreuid",   "setregid",   "setresuid",  "setresgid",  "setgroups",
	"setfsuid",    "setfsgid",    "setuid32",   "setgid32",   "setreuid32", "setregid32", "setresuid32",
	"setresgid32", "setgroups32", "setfsuid32", "setfsgid32", "capset",
};

static struct crl_call_mark *mark_of(struct crl_callset *set, int nr)
{
	return &set->marks[nr - CRL_CALL_MIN];
}

static bool is_in_range(int nr)
{
	return nr >= CRL_CALL_MIN && nr <= CRL_CALL_MAX && nr != CRL_NO_CALL;
}

/* @where is "seccomp.allow", "seccomp.deny" or a group's name. */
static bool is_newer_group(const char *where)
{
	size_t len = strlen(where), end = strlen(NEWER_SUFFIX);

	return where[0] == '@' && len > end && strcmp(where + len - end, NEWER_SUFFIX) == 0;
}

/* The groups' numbers are those of x86-64; below the shared ones other architectures have other calls there. */
static bool is_number_of(uint32_t arch, int number)
{
	return arch == AUDIT_ARCH_X86_64 || number >= CRL_CALL_SHARED;
}

/* R1. "mseal=462": what libseccomp knows of name or number has to agree, so that neither is a slip. */
static int resolve_numbered(const struct family_walk *w, const char *where, const char *text, int *ret_nr)
{
	size_t len = strcspn(text, "=");
	int number = (int)strtol(text + len + 1, NULL, 10);
	scoped_free char *name = strndup(text, len);
	char known[CRL_CALL_NAME];
	bool is_known;
	int nr;

	if (!name)
		return crl_err_set(w->err, ENOMEM, CRL_STAGE_FILTER, "out of memory");
	nr = crl_arch_number(w->set->arch, name);
	is_known = crl_arch_name(w->set->arch, number, known);
	if (!is_newer_group(where))
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER,
				   "%s: '%s' has a number, which is for groups that end in " NEWER_SUFFIX, where, text);
	if (!is_number_of(w->set->arch, number)) {
		*ret_nr = nr;
		return 0;
	}
	if (nr != CRL_NO_CALL && nr != number)
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: '%s' has the number %d, not %d", where, name,
				   nr, number);
	if (nr == CRL_NO_CALL && is_known)
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: number %d is '%s', not '%s'", where, number,
				   known, name);
	if (!is_in_range(number))
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: '%s' has the unusable number %d", where, name,
				   number);
	*ret_nr = number;
	return 0;
}

/* True when some group gives a number to a name; @ret_nr is CRL_NO_CALL where that is another architecture's. */
static bool has_number(const struct family_walk *w, const char *name, int *ret_nr)
{
	size_t len = strlen(name);

	for (size_t g = 0; g < w->groups->len; g++)
		for (size_t i = 0; i < w->groups->item[g].calls.len; i++) {
			const char *call = w->groups->item[g].calls.item[i];
			int number;

			if (strncmp(call, name, len) != 0 || call[len] != '=')
				continue;
			number = (int)strtol(call + len + 1, NULL, 10);
			*ret_nr = is_number_of(w->set->arch, number) ? number : CRL_NO_CALL;
			return true;
		}
	return false;
}

/* What this libseccomp and the groups know, by number: there is no list of names. Only for a message. */
static const char *nearest_call(const struct family_walk *w, const char *name, char *hint, size_t size)
{
	struct crl_nearest nearest;

	crl_nearest_begin(&nearest, name);
	for (int nr = 0; nr <= CRL_CALL_MAX; nr++) {
		char known[CRL_CALL_NAME];

		if (crl_arch_name(w->set->arch, nr, known))
			crl_nearest_offer(&nearest, known);
	}
	for (size_t g = 0; g < w->groups->len; g++)
		for (size_t i = 0; i < w->groups->item[g].calls.len; i++) {
			scoped_free char *known = strdup(w->groups->item[g].calls.item[i]);

			if (known && known[0] != '@' && known[0] != '?')
				crl_nearest_offer(&nearest, strtok(known, "="));
		}
	return crl_nearest_hint(&nearest, hint, size);
}

static int refuse_group(const struct family_walk *w, const char *where, const char *name)
{
	struct crl_nearest nearest;
	char hint[CRL_NEAREST_HINT];

	crl_nearest_begin(&nearest, name);
	for (size_t g = 0; g < w->groups->len; g++)
		crl_nearest_offer(&nearest, w->groups->item[g].name);
	return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: there is no group '%s'%s", where, name,
			   crl_nearest_hint(&nearest, hint, sizeof(hint)));
}

/* @ret_nr is CRL_NO_CALL for a call that may be unknown to this libseccomp, and is. */
static int resolve(const struct family_walk *w, const char *where, const char *name, int *ret_nr)
{
	bool optional = name[0] == '?';
	char hint[CRL_NEAREST_HINT];
	int nr;

	if (strchr(name, '='))
		return resolve_numbered(w, where, name, ret_nr);
	nr = crl_arch_number(w->set->arch, name + optional);
	if (nr == CRL_NO_CALL && !has_number(w, name + optional, &nr) && !optional)
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: there is no system call '%s'%s", where, name,
				   nearest_call(w, name, hint, sizeof(hint)));
	if (nr != CRL_NO_CALL && !is_in_range(nr))
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: '%s' has the unusable number %d", where, name,
				   nr);
	*ret_nr = nr;
	return 0;
}

/* What a list does with each of its calls. */
struct marking {
	const char *where; /* "seccomp.deny" */
	uint8_t bits;
	const struct crl_verdict *answer; /* NULL = none */
	bool twins; /* R5 */
};

static void mark_call(const struct family_walk *w, const struct marking *m, int nr)
{
	struct crl_call_mark *mark = mark_of(w->set, nr);

	mark->bits |= m->bits;
	if (m->answer)
		mark->answer = *m->answer;
}

/* A twin that this libseccomp does not know has no number to be called by, but for those of the groups. */
static void mark_twins(const struct family_walk *w, const struct marking *m, const char *name)
{
	const char *twin;

	for (size_t i = 0; (twin = crl_twin_name(name + (name[0] == '?'), i)); i++) {
		int nr = crl_arch_number(w->set->arch, twin);

		if (is_in_range(nr))
			mark_call(w, m, nr);
	}
}

/* @where  list or group that it stands in */
static int mark_list(const struct family_walk *w, const struct crl_strv *list, const char *where,
		     const struct marking *m, int depth)
{
	if (depth > GROUP_DEPTH_MAX)
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "%s: groups nest too deep", where);
	for (size_t i = 0; i < list->len; i++) {
		const char *name = list->item[i];
		const struct crl_sysgroup *group;
		int nr = CRL_NO_CALL;
		int rc;

		if (name[0] != '@') {
			rc = resolve(w, where, name, &nr);
			if (rc == 0 && nr != CRL_NO_CALL)
				mark_call(w, m, nr);
			if (rc == 0 && m->twins)
				mark_twins(w, m, name);
		} else {
			group = crl_sysgroups_find(w->groups, name);
			rc = group ? mark_list(w, &group->calls, group->name, m, depth + 1)
				   : refuse_group(w, where, name);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The first group that lists a call by its own name says what the call answers; nested groups keep their own
 * answer. */
static int mark_answers(const struct family_walk *w, const struct crl_sysgroup *group)
{
	for (size_t i = 0; i < group->calls.len; i++) {
		int nr = CRL_NO_CALL;
		struct crl_call_mark *mark;
		int rc;

		if (group->calls.item[i][0] == '@')
			continue;
		rc = resolve(w, group->name, group->calls.item[i], &nr);
		if (rc < 0)
			return rc;
		if (nr == CRL_NO_CALL)
			continue;
		mark = mark_of(w->set, nr);
		mark->bits |= MARK_LISTED;
		if (group->answer == CRL_ANSWER_ALLOW || mark->bits & MARK_ANSWER)
			continue;
		mark->bits |= MARK_ANSWER;
		mark->answer = group->answer == CRL_ANSWER_EPERM ? CRL_ERRNO(EPERM) : CRL_ERRNO(ENOSYS);
	}
	return 0;
}

static int mark_base(const struct family_walk *w, const char *base)
{
	const struct crl_sysgroup *group = crl_sysgroups_find(w->groups, base);

	if (!group)
		return refuse_group(w, "seccomp.base", base);
	if (group->answer != CRL_ANSWER_ALLOW)
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER, "seccomp.base: '%s' is a group of calls to refuse",
				   base);
	return mark_list(w, &group->calls, group->name, &(const struct marking){.bits = MARK_ALLOWED}, 0);
}

/*
 * What makers of user namespaces do in them: mounts by path, and binds by descriptor, without which crun shows no /sys.
 * Not fsopen(2) and its kind: libmount and others know the older ways, and options by fsconfig(2) are code of the
 * kernel's that few have ever tried (CVE-2022-0185).
 */
static int mark_nested(const struct family_walk *w)
{
	char *names[] = {crl_unconst("@namespaces"), crl_unconst("@mount"), crl_unconst("open_tree"),
			 crl_unconst("move_mount"), crl_unconst("mount_setattr")};
	const struct crl_strv list = {.item = names, .len = CRL_ARRAY_LEN(names)};

	return mark_list(w, &list, "user.nested", &(const struct marking){.bits = MARK_ALLOWED}, 0);
}

/* Only a call's own name lifts its argument rules: "@login" in allow must not open CLONE_NEWUSER by the way. */
static int mark_whole(const struct family_walk *w, const struct crl_strv *allow)
{
	for (size_t i = 0; i < allow->len; i++) {
		int nr = CRL_NO_CALL;
		int rc;

		if (allow->item[i][0] == '@')
			continue;
		rc = resolve(w, "seccomp.allow", allow->item[i], &nr);
		if (rc < 0)
			return rc;
		if (nr != CRL_NO_CALL)
			mark_of(w->set, nr)->bits |= MARK_WHOLE;
	}
	return 0;
}

static int mark_wished_answers(const struct family_walk *w, const struct crl_seccomp *s)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->answers_len; i++)
		rc = mark_list(
			w, &s->answers[i].calls, "seccomp.answers",
			&(const struct marking){.bits = MARK_ANSWER, .answer = &s->answers[i].answer, .twins = true},
			0);
	return rc;
}

static int build_marks(const struct family_walk *w, const struct crl_seccomp *s)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->groups->len; i++)
		rc = mark_answers(w, &w->groups->item[i]);
	if (rc == 0)
		rc = mark_wished_answers(w, s);
	if (rc == 0)
		rc = mark_base(w, s->base);
	if (rc == 0)
		rc = mark_list(w, &s->allow, "seccomp.allow", &(const struct marking){.bits = MARK_ALLOWED}, 0);
	if (rc == 0 && s->nested)
		rc = mark_nested(w);
	if (rc == 0)
		rc = mark_whole(w, &s->allow);
	if (rc == 0) /* R2: what comes later wins */
		rc = mark_list(w, &s->deny, "seccomp.deny", &(const struct marking){.bits = MARK_DENIED, .twins = true},
			       0);
	return rc;
}

/* Do the policy's rules about clone() leave that flag? */
static bool leaves_flag(const struct crl_strv *list, uint32_t flag)
{
	uint32_t named = 0;

	for (size_t i = 0; i < list->len; i++) {
		struct crl_args_item item;

		if (crl_args_parse(CRL_ARGS_CLONE, list->item[i], &item, NULL) == 0)
			named |= item.value;
	}
	return list->len == 0 || crl_args_denies(list->item[0]) == !(named & flag);
}

static int check_verdicts(const struct family_walk *w, bool compat)
{
	/* R3 */
	if (crl_callset_lets(w->set, "clone3"))
		return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER,
				   "clone3 cannot be allowed: no filter can read its flags");
	for (size_t i = 0; i < CRL_ARRAY_LEN(privilege_drops); i++) {
		const char *name = privilege_drops[i];

		if (!compat && crl_arch_number(w->set->arch, name) < 0)
			continue;
		if (!crl_callset_lets(w->set, name))
			return crl_err_set(w->err, EINVAL, CRL_STAGE_FILTER,
					   "%s must not be refused: a program would go on with the rights it "
					   "meant to drop",
					   name);
	}
	return 0;
}

int crl_callset_build_for(const struct crl_arch *arch, const struct crl_seccomp *s, const struct crl_sysgroups *groups,
			  struct crl_callset *ret, struct crl_err *err)
{
	struct family_walk w = {.groups = groups, .set = ret, .err = err};
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->arch = arch->native;
	ret->users = leaves_flag(&s->args[CRL_ARGS_CLONE], CLONE_NEWUSER);
	rc = build_marks(&w, s);
	if (rc == 0)
		rc = check_verdicts(&w, s->compat);
	for (size_t i = 0; i < CRL_ARRAY_LEN(held); i++) {
		int nr = crl_arch_number(ret->arch, held[i]);

		if (is_in_range(nr))
			mark_of(ret, nr)->bits |= MARK_HELD;
	}
	ret->trial = s->mode == CRL_FILTER_LOG;
	return rc;
}

int crl_callset_build(const struct crl_seccomp *s, const struct crl_sysgroups *groups, struct crl_callset *ret,
		      struct crl_err *err)
{
	const struct crl_arch *arch = crl_arch_find(0);

	if (!arch)
		return crl_err_set(err, EOPNOTSUPP, CRL_STAGE_FILTER, "there is no filter for this architecture");
	return crl_callset_build_for(arch, s, groups, ret, err);
}

/* What a call gets that the policy does not allow. */
static struct crl_verdict refusal_of(const struct crl_callset *set, const struct crl_call_mark *mark,
				     struct crl_verdict otherwise)
{
	if (set->trial && mark->bits & MARK_LISTED && !(mark->bits & MARK_HELD)) /* R6 */
		return (struct crl_verdict){.kind = CRL_VERDICT_LOG};
	return mark->bits & MARK_ANSWER ? mark->answer : otherwise;
}

struct crl_verdict crl_callset_verdict(const struct crl_callset *set, int nr)
{
	const struct crl_call_mark *mark;

	if (!is_in_range(nr))
		return CRL_ERRNO(ENOSYS);
	mark = &set->marks[nr - CRL_CALL_MIN];
	if ((mark->bits & MARK_ALLOWED) && !(mark->bits & MARK_DENIED))
		return CRL_ALLOW;
	return refusal_of(set, mark, mark->bits & MARK_DENIED ? CRL_ERRNO(EPERM) : CRL_ERRNO(ENOSYS));
}

struct crl_verdict crl_callset_refusal(const struct crl_callset *set, const char *name)
{
	int nr = crl_arch_number(set->arch, name);

	if (!is_in_range(nr))
		return CRL_ERRNO(EPERM);
	return refusal_of(set, &set->marks[nr - CRL_CALL_MIN], CRL_ERRNO(EPERM));
}

bool crl_callset_lets(const struct crl_callset *set, const char *name)
{
	return crl_verdict_lets(crl_callset_verdict(set, crl_arch_number(set->arch, name)));
}

bool crl_callset_is_whole(const struct crl_callset *set, const char *name)
{
	int nr = crl_arch_number(set->arch, name);

	return is_in_range(nr) && set->marks[nr - CRL_CALL_MIN].bits & MARK_WHOLE;
}
