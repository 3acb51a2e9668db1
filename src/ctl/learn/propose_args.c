// SPDX-License-Identifier: Apache-2.0
/*
 * From the values that were seen to rules about arguments; see propose.h.
 * R1: what was seen is allowed, and no rule is made of what is known in part.
 * R2: what an earlier proposal allows stays allowed.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "ctl/learn/propose.h"
#include "policy/filter/argnames.h"

#define VALUES_MAX 32 /* of one rule; who needs more of them has no use for it */

/* Calls whose values are learned (plan/filter/notify.h), and the rule that is about them. */
static const struct valued {
	const char *call;
	enum crl_args_call rule;
	const char *group; /* that allows it with carrel's rules; NULL = there is none */
} valued[] = {
	{"clone", CRL_ARGS_CLONE, "@clone"}, {"unshare", CRL_ARGS_CLONE, NULL},
	{"ioctl", CRL_ARGS_IOCTL, "@ioctl"}, {"personality", CRL_ARGS_PERSONALITY, "@personality"},
	{"prctl", CRL_ARGS_PRCTL, NULL},     {"socket", CRL_ARGS_SOCKET, NULL},
};

static const struct valued *find(const struct crl_seen *s)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(valued); i++)
		if (seccomp_syscall_resolve_name_arch(s->arch, valued[i].call) == s->nr)
			return &valued[i];
	return NULL;
}

static uint32_t first_of(enum crl_args_call rule, uint64_t value)
{
	return rule == CRL_ARGS_SOCKET ? (uint32_t)value & 0xffff : (uint32_t)value;
}

static uint32_t pair_of(uint64_t value)
{
	return (uint32_t)(value >> 16) & 0xffff;
}

static bool item_is(const struct crl_args_item *item, enum crl_args_call rule, uint64_t value)
{
	uint32_t first = first_of(rule, value);

	if (item->value != first && item->other != first)
		return false;
	return rule != CRL_ARGS_SOCKET || !item->paired || item->pair == pair_of(value);
}

bool ctl_args_refuse(const struct ctl_proposal *p, const struct crl_seen *s)
{
	const struct valued *v = p->args && s->value != CRL_NO_VALUE ? find(s) : NULL;
	const struct crl_strv *list = v ? &p->args[v->rule] : NULL;
	uint32_t named = 0;
	bool match = false;

	if (!list || list->len == 0)
		return false;
	for (size_t i = 0; i < list->len; i++) {
		struct crl_args_item item;

		if (crl_args_parse(v->rule, list->item[i], &item, NULL) < 0)
			continue;
		named |= item.value;
		match |= item_is(&item, v->rule, s->value);
	}
	if (crl_args_are_flags(v->rule) && s->value != UINT32_MAX)
		return ((uint32_t)s->value & (crl_args_denies(list->item[0]) ? named : ~named)) != 0;
	return match == crl_args_denies(list->item[0]);
}

static int add(struct crl_strv *ret, enum crl_args_call rule, uint32_t value, uint32_t pair)
{
	char text[CRL_NEAREST_MAX];

	(void)crl_args_print(rule, value, pair, text, sizeof(text));
	return crl_strv_has(ret, text) ? 0 : crl_strv_add(ret, text);
}

/* Each flag by itself; a rule for none at all has to say so. 0xffffffff asks personality(), which is always let. */
static int add_flags(struct crl_strv *ret, enum crl_args_call rule, uint32_t flags)
{
	int rc = 0;

	if (rule == CRL_ARGS_PERSONALITY && flags == UINT32_MAX)
		return 0;
	for (uint32_t bit = 1; bit && rc == 0; bit <<= 1)
		if (flags & bit)
			rc = add(ret, rule, bit, 0);
	return rc == 0 && flags == 0 ? add(ret, rule, 0, 0) : rc;
}

/* R2: is there a call of it that an earlier proposal allows without such a rule? */
static bool was_free(const struct ctl_earlier *k, enum crl_args_call rule)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(valued) && k; i++)
		if (valued[i].rule == rule && k->args[rule].len == 0 &&
		    (crl_strv_has(&k->allow, valued[i].call) ||
		     (valued[i].group && crl_strv_has(&k->allow, valued[i].group))))
			return true;
	return false;
}

/* R1. Returns 1; 0 when there can be no rule; -ENOMEM. */
static int add_seen(const struct ctl_proposal *p, enum crl_args_call rule, struct crl_strv *ret)
{
	int rc = 0;

	for (size_t i = 0; i < p->seen->len && rc == 0; i++) {
		const struct crl_seen *s = &p->seen->item[i];
		const struct valued *v = find(s);

		if (!v || v->rule != rule)
			continue;
		if (s->value == CRL_NO_VALUE || ret->len > VALUES_MAX)
			return 0;
		rc = crl_args_are_flags(rule) ? add_flags(ret, rule, (uint32_t)s->value)
					      : add(ret, rule, first_of(rule, s->value), pair_of(s->value));
	}
	return rc < 0 ? rc : ret->len <= VALUES_MAX;
}

/* R2: a rule by hand that takes away stays as it is, and one that allows is added to. */
int ctl_propose_args(const struct ctl_proposal *p, enum crl_args_call call, struct crl_strv *ret)
{
	const struct crl_strv *kept = p->kept ? &p->kept->args[call] : NULL;
	int rc = 0;

	for (size_t i = 0; kept && i < kept->len && rc == 0; i++)
		rc = crl_strv_add(ret, kept->item[i]);
	if (rc < 0 || (kept && kept->len > 0 && crl_args_denies(kept->item[0])))
		return rc;
	if (p->seen->lost || was_free(p->kept, call))
		return 0;
	rc = add_seen(p, call, ret);
	if (rc == 0)
		crl_strv_done(ret);
	return rc < 0 ? rc : 0;
}
