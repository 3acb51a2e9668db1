// SPDX-License-Identifier: Apache-2.0
/* See policy.h. */
#include "policy/policy.h"

#include <string.h>

#include "policy/keys/keys.h"

int crl_strdup_to(char **dest, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*dest);
	*dest = copy;
	return 0;
}

int crl_strv_add(struct crl_strv *v, const char *text)
{
	char **grown = reallocarray(v->item, v->len + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	v->item = grown;
	v->item[v->len] = strdup(text);
	if (!v->item[v->len])
		return -ENOMEM;
	v->len++;
	return 0;
}

bool crl_strv_has(const struct crl_strv *v, const char *text)
{
	for (size_t i = 0; i < v->len; i++)
		if (strcmp(v->item[i], text) == 0)
			return true;
	return false;
}

void crl_strv_done(struct crl_strv *v)
{
	for (size_t i = 0; i < v->len; i++)
		free(v->item[i]);
	free(v->item);
	*v = (struct crl_strv){0};
}

int crl_policy_init(struct crl_policy *p)
{
	*p = (struct crl_policy){0};
	return crl_keys_start(CRL_KEYS_POLICY, p);
}

void crl_bind_done(struct crl_bind *b)
{
	free(b->source);
	free(b->target);
	*b = (struct crl_bind){0};
}

void crl_answers_done(struct crl_answers *a)
{
	crl_strv_done(&a->calls);
	*a = (struct crl_answers){0};
}

void crl_profile_done(struct crl_profile *p)
{
	free(p->program);
	free(p->profile);
	*p = (struct crl_profile){0};
}

void crl_io_limit_done(struct crl_io_limit *io)
{
	free(io->path);
	*io = (struct crl_io_limit){0};
}

int crl_limits_init(struct crl_limits *l)
{
	*l = (struct crl_limits){0};
	return crl_keys_start(CRL_KEYS_BUDGET, l);
}

void crl_limits_done(struct crl_limits *l)
{
	for (size_t i = 0; i < l->io_len; i++)
		crl_io_limit_done(&l->io[i]);
	free(l->io);
	*l = (struct crl_limits){0};
}

bool crl_limits_any(const struct crl_limits *l)
{
	return l->cpu_permille != CRL_UNLIMITED || l->cpu_weight || l->memory != CRL_UNLIMITED ||
	       l->memory_high != CRL_UNLIMITED || l->swap != CRL_UNLIMITED || l->tasks != CRL_UNLIMITED || l->io_len;
}

bool crl_limits_high_is_above(const struct crl_limits *l)
{
	return l->memory_high != CRL_UNLIMITED && l->memory_high > l->memory;
}

bool crl_policy_names_limits(const struct crl_policy *p)
{
	return crl_limits_any(&p->limits) || p->budget[0];
}

bool crl_policy_holds_listen(const struct crl_policy *p)
{
	for (size_t i = 0; i < p->net_listen.len; i++)
		if (strcmp(p->net_listen.item[i], "any") == 0)
			return false;
	return true;
}

bool crl_policy_has_gate(const struct crl_policy *p)
{
	bool host = p->net_mode == CRL_NET_HOST &&
		    (p->net_deny.len > 0 || p->net_loopback == CRL_LOOPBACK_OWN || crl_policy_holds_listen(p));

	return p->need[CRL_FEATURE_NETWORK_FILTER] != CRL_NEED_OFF && (host || p->net_forwards == CRL_FORWARDS_NONE);
}

bool crl_policy_keeps_home(const struct crl_policy *p)
{
	return p->home_mode == CRL_HOME_OVERLAY && p->home_upper == CRL_UPPER_PERSISTENT;
}

/* By any of the words for it. */
static enum crl_root_over root_over(const struct crl_policy *p)
{
	return p->root_over == CRL_ROOT_OVER_NOTHING && p->root_writable ? CRL_ROOT_OVER_TMPFS : p->root_over;
}

bool crl_policy_keeps_root(const struct crl_policy *p)
{
	return p->root_mode != CRL_ROOT_HOST && root_over(p) == CRL_ROOT_OVER_PERSISTENT;
}

bool crl_policy_root_is_written(const struct crl_policy *p)
{
	return p->root_mode != CRL_ROOT_HOST && root_over(p) != CRL_ROOT_OVER_NOTHING;
}

bool crl_policy_owns_users(const struct crl_policy *p)
{
	return p->user_mode != CRL_USER_NONE;
}

bool crl_policy_outer_is_written(const struct crl_policy *p)
{
	return crl_policy_root_is_written(p) && !crl_policy_owns_users(p);
}

bool crl_policy_has_last_stage(const struct crl_policy *p)
{
	return crl_policy_owns_users(p) || p->shell_path || p->shell_seccomp.base[0] || p->shell_apart ||
	       p->cap_ambient || p->profiles_len > 0;
}

uint64_t crl_policy_inheritable(const struct crl_policy *p)
{
	return p->cap_inheritable | p->cap_ambient;
}

bool crl_seccomp_has_lists(const struct crl_seccomp *s)
{
	size_t args = 0;

	for (size_t i = 0; i < CRL_ARGS_COUNT; i++)
		args += s->args[i].len;
	return s->allow.len > 0 || s->deny.len > 0 || s->answers_len > 0 || args > 0;
}

static void done_seccomp(struct crl_seccomp *s)
{
	crl_strv_done(&s->allow);
	crl_strv_done(&s->deny);
	crl_strv_done(&s->families);
	for (size_t i = 0; i < CRL_ARGS_COUNT; i++)
		crl_strv_done(&s->args[i]);
	for (size_t i = 0; i < s->answers_len; i++)
		crl_answers_done(&s->answers[i]);
	free(s->answers);
}

void crl_policy_done(struct crl_policy *p)
{
	for (size_t i = 0; i < p->bind_len; i++)
		crl_bind_done(&p->bind[i]);
	free(p->bind);
	crl_limits_done(&p->limits);
	free(p->root_path);
	free(p->root_image);
	crl_strv_done(&p->own);
	crl_strv_done(&p->home_lower);
	free(p->home_skeleton);
	crl_strv_done(&p->hide);
	crl_strv_done(&p->read_only);
	crl_strv_done(&p->writable);
	crl_strv_done(&p->writable_optional);
	crl_strv_done(&p->user_show);
	crl_strv_done(&p->devices);
	crl_strv_done(&p->devices_required);
	crl_strv_done(&p->run);
	crl_strv_done(&p->sockets);
	crl_strv_done(&p->errands);
	free(p->net_path);
	crl_strv_done(&p->net_allow);
	crl_strv_done(&p->net_deny);
	crl_strv_done(&p->net_listen);
	free(p->publish);
	free(p->shell_path);
	done_seccomp(&p->shell_seccomp);
	for (size_t i = 0; i < p->profiles_len; i++)
		crl_profile_done(&p->profiles[i]);
	free(p->profiles);
	done_seccomp(&p->seccomp);
	*p = (struct crl_policy){0};
}

_Static_assert(CRL_SPEAKS_COUNT == CRL_LANGUAGE_COUNT + 1, "each language is a word of the key");

enum crl_language crl_policy_language(const struct crl_policy *p, enum crl_language host)
{
	return p->language == CRL_SPEAKS_HOST ? host : (enum crl_language)(p->language - 1);
}
