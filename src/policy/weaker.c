// SPDX-License-Identifier: Apache-2.0
/* See weaker.h. One question for each key; a unit test holds the table to that of the keys. */
#include "policy/weaker.h"

#include <string.h>

#define ASK(name, question)                                                                                           \
	static bool name(const struct crl_policy *p, const struct crl_policy *q)                                      \
	{                                                                                                             \
		return question;                                                                                      \
	}

/* Has @a an item that @b has not? */
static bool has_more(const struct crl_strv *a, const struct crl_strv *b)
{
	for (size_t i = 0; i < a->len; i++) {
		if (!crl_strv_has(b, a->item[i])) {
			return true;
		}
	}
	return false;
}

/* A place of the host that the other has not, or not to write to. */
static bool bind(const struct crl_policy *p, const struct crl_policy *q)
{
	for (size_t i = 0; i < p->bind_len; i++) {
		const struct crl_bind *mine = &p->bind[i];
		bool found = false;

		for (size_t j = 0; j < q->bind_len && !found; j++) {
			const struct crl_bind *theirs = &q->bind[j];

			found = strcmp(mine->source, theirs->source) == 0 && strcmp(mine->target, theirs->target) == 0 &&
				mine->writable <= theirs->writable;
		}
		if (!found) {
			return true;
		}
	}
	return false;
}

static bool allows_more(const struct crl_io_limit *a, const struct crl_io_limit *b)
{
	return a->read_bps > b->read_bps || a->write_bps > b->write_bps || a->read_iops > b->read_iops ||
	       a->write_iops > b->write_iops;
}

/* A device that the other limits, and this one less or not at all. */
static bool io(const struct crl_policy *p, const struct crl_policy *q)
{
	for (size_t i = 0; i < q->limits.io_len; i++) {
		const struct crl_io_limit *theirs = &q->limits.io[i];
		bool held = false;

		for (size_t j = 0; j < p->limits.io_len && !held; j++) {
			held = strcmp(p->limits.io[j].path, theirs->path) == 0 && !allows_more(&p->limits.io[j], theirs);
		}
		if (!held) {
			return true;
		}
	}
	return false;
}

/* A default weight of the kernel's is 100. */
static uint64_t weight(const struct crl_policy *p)
{
	return p->limits.cpu_weight ? p->limits.cpu_weight : 100;
}

ASK(share, p->share > q->share)
ASK(on_close, p->on_close > q->on_close)
ASK(linger, p->linger_s > q->linger_s)
ASK(namespaces, (q->namespaces & ~p->namespaces) != 0)
ASK(hide, has_more(&q->hide, &p->hide))
ASK(read_only, has_more(&q->read_only, &p->read_only))
ASK(writable_paths, has_more(&p->writable, &q->writable))
ASK(run, has_more(&p->run, &q->run))
ASK(sockets, has_more(&p->sockets, &q->sockets))
ASK(tmp_size, p->tmp_size > q->tmp_size)
ASK(ptys, p->ptys > q->ptys)
ASK(home_mode, p->home_mode == CRL_HOME_REAL && q->home_mode != CRL_HOME_REAL)
ASK(home_size, q->home_size > 0 && p->home_size > q->home_size)
ASK(network, p->net_mode == CRL_NET_HOST && q->net_mode != CRL_NET_HOST)
ASK(budget, q->budget[0] && !p->budget[0])
ASK(cpu, p->limits.cpu_permille > q->limits.cpu_permille)
ASK(cpu_weight, weight(p) > weight(q))
ASK(memory, p->limits.memory > q->limits.memory)
ASK(memory_high, p->limits.memory_high > q->limits.memory_high)
ASK(swap, p->limits.swap > q->limits.swap)
ASK(tasks, p->limits.tasks > q->limits.tasks)
ASK(rooms, p->rooms > q->rooms)
ASK(oom_score_adj, p->limits.oom_score_adj < q->limits.oom_score_adj)
ASK(trim, q->trim_caps && !p->trim_caps)
ASK(bounding, (p->cap_bounding & ~q->cap_bounding) != 0)
ASK(inheritable, (p->cap_inheritable & ~q->cap_inheritable) != 0)
ASK(no_new_privs, q->no_new_privs && !p->no_new_privs)
ASK(seccomp_base, q->seccomp.base[0] && !p->seccomp.base[0])
ASK(seccomp_allow, has_more(&p->seccomp.allow, &q->seccomp.allow))
ASK(seccomp_deny, has_more(&q->seccomp.deny, &p->seccomp.deny))
ASK(seccomp_families, has_more(&p->seccomp.families, &q->seccomp.families))
ASK(seccomp_compat, p->seccomp.compat && !q->seccomp.compat)
ASK(seccomp_log, q->seccomp.log && !p->seccomp.log)
ASK(need_limits, p->need[CRL_FEATURE_LIMITS] > q->need[CRL_FEATURE_LIMITS])
ASK(need_time, p->need[CRL_FEATURE_TIME] > q->need[CRL_FEATURE_TIME])
ASK(need_cgroup, p->need[CRL_FEATURE_CGROUP] > q->need[CRL_FEATURE_CGROUP])
ASK(need_seccomp, p->need[CRL_FEATURE_SECCOMP] > q->need[CRL_FEATURE_SECCOMP])
ASK(need_accounting, p->need[CRL_FEATURE_ACCOUNTING] > q->need[CRL_FEATURE_ACCOUNTING])

const struct crl_weakness crl_weaknesses[] = {
	{"inherit", NULL},
	{"share", share},
	{"on_close", on_close},
	{"linger", linger},
	{"notice", NULL},
	{"namespaces", namespaces},
	{"hostname", NULL},
	{"root.mode", NULL},
	{"root.path", NULL},
	{"root.writable", NULL},
	{"root.hide", hide},
	{"root.read_only", read_only},
	{"root.writable_paths", writable_paths},
	{"root.bind", bind},
	{"root.run", run},
	{"root.sockets", sockets},
	{"tmp.size", tmp_size},
	{"ptys", ptys},
	{"home.mode", home_mode},
	{"home.lower", NULL},
	{"home.lower_owner", NULL},
	{"home.skeleton", NULL},
	{"home.size", home_size},
	{"network.mode", network},
	{"limits.budget", budget},
	{"limits.cpu", cpu},
	{"limits.cpu_weight", cpu_weight},
	{"limits.memory", memory},
	{"limits.memory_high", memory_high},
	{"limits.swap", swap},
	{"limits.tasks", tasks},
	{"limits.rooms", rooms},
	{"limits.oom_score_adj", oom_score_adj},
	{"limits.io", io},
	{"capabilities.trim", trim},
	{"capabilities.bounding", bounding},
	{"capabilities.inheritable", inheritable},
	{"capabilities.ambient", NULL},
	{"no_new_privs", no_new_privs},
	{"seccomp.base", seccomp_base},
	{"seccomp.allow", seccomp_allow},
	{"seccomp.deny", seccomp_deny},
	{"seccomp.families", seccomp_families},
	{"seccomp.compat", seccomp_compat},
	{"seccomp.log", seccomp_log},
	{"features.limits", need_limits},
	{"features.time", need_time},
	{"features.cgroup", need_cgroup},
	{"features.seccomp", need_seccomp},
	{"features.accounting", need_accounting},
};

const size_t crl_weaknesses_len = CRL_ARRAY_LEN(crl_weaknesses);
