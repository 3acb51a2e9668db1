// SPDX-License-Identifier: Apache-2.0
/*
 * From the request to what this login gets: rule, policy, the sets and the filter that the module adopts.
 *
 * Runs in: helper (root). Changes nothing but the filter cache.
 */
#include "helper/helper.h"

#include <linux/capability.h>
#include <syslog.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "apply/accounting.h"
#include "base/log.h"
#include "plan/caps.h"
#include "policy/sysgroups.h"
#include "policy/template.h"
#include "proto/msg.h"
#include "state/filter_cache.h"
#include "state/trial.h"

#define LOOKUPS_MAX 256

struct lookup {
	const struct crl_job *job;
	unsigned int count;
};

/* Ask the module: the name service is loaded in the application's process, not in this static program. */
static int lookup_group(void *arg, const char *name, uint32_t *ret_gid)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct lookup *l = arg;
	struct crl_msg_lookup ask = {0};
	struct crl_msg_found found;
	int r;

	if (++l->count > LOOKUPS_MAX)
		return -E2BIG;
	if (strlen(name) >= sizeof(ask.group))
		return -ENAMETOOLONG;
	memcpy(ask.group, name, strlen(name));
	r = crl_msg_send(l->job->channel, CRL_MSG_LOOKUP, &ask, sizeof(ask), NULL, 0);
	if (r == 0)
		r = crl_msg_recv(l->job->channel, CRL_ACCEPT(CRL_MSG_FOUND), &found, sizeof(found),
				 l->job->deadline_ms, &got);
	if (r < 0)
		return r;
	if (found.code != 0)
		return found.code > 0 ? -found.code : -EBADMSG;
	*ret_gid = found.gid;
	return 0;
}

/* A trial is never silent: whoever wonders about a login finds it in the log. */
static void log_trial(const struct crl_job *job, const struct crl_in_force *f)
{
	char until[32], why[CRL_ERR_TEXT_MAX * 4];

	crl_trial_until(&f->trial, until, sizeof(until));
	crl_escape_line(why, sizeof(why), f->why.text);
	if (f->fell_back || f->state == CRL_TRIAL_BROKEN)
		crl_log(LOG_WARNING, "id=%s uid=%u: the configuration on trial does not count: %s", job->id, job->login.uid, why);
	else if (f->state == CRL_TRIAL_RUNNING)
		crl_log(LOG_NOTICE, "id=%s uid=%u: configuration on trial until %s, trial=%s by=%s", job->id, job->login.uid,
			until, f->trial.id, f->trial.by);
	else if (f->state == CRL_TRIAL_CONFIRMED)
		crl_log(LOG_WARNING, "id=%s uid=%u: confirmed configuration not yet in place, trial=%s: carrelctl confirm",
			job->id, job->login.uid, f->trial.id);
	else if (f->state == CRL_TRIAL_OVER)
		crl_log(LOG_INFO, "id=%s uid=%u: trial=%s by=%s is over, unconfirmed: the configuration before it counts",
			job->id, job->login.uid, f->trial.id, f->trial.by);
}

/* Its primary group's name, the same way; -ENOENT where it has none. */
static int name_group(const struct crl_job *job, struct crl_msg_named *ret)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	const struct crl_msg_name ask = {.gid = job->login.gid};
	int r = crl_msg_send(job->channel, CRL_MSG_NAME, &ask, sizeof(ask), NULL, 0);

	if (r == 0)
		r = crl_msg_recv(job->channel, CRL_ACCEPT(CRL_MSG_NAMED), ret, sizeof(*ret), job->deadline_ms, &got);
	if (r == 0)
		r = crl_msg_check_named(ret);
	if (r == 0 && ret->code != 0)
		r = ret->code > 0 ? -ret->code : -EBADMSG;
	return r;
}

/* Templates to what they stand for, before the room is named: logins for which they differ share none. */
static int expand_policy(struct crl_job *job, struct crl_err *err)
{
	struct crl_msg_named named = {0};
	char host[CRL_FACT_MAX] = "";
	const struct crl_facts facts = {.login = &job->login, .host = host, .group = named.group};
	int r = 0;

	if (gethostname(host, sizeof(host) - 1) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "cannot read the host's name");
	if (crl_policy_uses(&job->policy, 'g'))
		r = name_group(job, &named);
	if (r < 0)
		return crl_err_set(err, -r, CRL_STAGE_CONFIG, "%%g: the name service has no name for group %u: %s",
				   job->login.gid, strerrordesc_np(-r));
	return crl_policy_expand(&job->policy, &facts, err);
}

static int choose_policy(struct crl_job *job, struct crl_err *err)
{
	struct lookup l = {.job = job};
	const struct crl_match m = {.login = &job->login, .now = time(NULL), .lookup = lookup_group, .arg = &l};
	struct crl_in_force in_force;
	const char *name;
	int r;

	r = crl_trial_load(job->options->config, &job->config, &in_force, err);
	log_trial(job, &in_force);
	if (r < 0)
		return r;
	name = job->options->policy;
	if (!name) {
		r = crl_rules_match(crl_config_rules(job->config), &m, &job->rule, err);
		if (r < 0)
			return r;
		name = job->rule->policy;
	}
	r = crl_config_policy(job->config, name, &job->policy, err);
	if (r == 0 && job->options->rehearse) {
		job->policy.share = CRL_SHARE_LOGIN;
		job->policy.on_close = CRL_CLOSE_KILL;
		job->policy.linger_s = 0;
	}
	return r;
}

/* Why no time namespace can be made here, or NULL: the kernel has none, or the service has been denied the clock. */
static const char *lacks_time(void)
{
	if (access("/proc/self/ns/time", F_OK) < 0)
		return "this kernel has no time namespaces";
	if (prctl(PR_CAPBSET_READ, CAP_SYS_TIME) != 1)
		return "without CAP_SYS_TIME its boot clock cannot be set (ProtectClock= in the service's unit, or a container)";
	return NULL;
}

/* What the kernel cannot do: refuse, or go on without and say so. */
static int settle_time(struct crl_job *job, struct crl_err *err)
{
	struct crl_policy *p = &job->policy;

	const char *lack = lacks_time();

	if (!(p->namespaces & CRL_NS_BIT(CRL_NS_TIME)))
		return 0;
	if (p->need[CRL_FEATURE_TIME] != CRL_NEED_OFF && !lack)
		return 0;
	if (p->need[CRL_FEATURE_TIME] == CRL_NEED_REQUIRE)
		return crl_err_set(err, EOPNOTSUPP, CRL_STAGE_NAMESPACE, "%s (namespaces; features.time is \"require\")", lack);
	if (p->need[CRL_FEATURE_TIME] == CRL_NEED_PREFER)
		crl_log(LOG_WARNING, "id=%s uid=%u: no time namespace, going on without: %s", job->id, job->login.uid, lack);
	p->namespaces &= ~CRL_NS_BIT(CRL_NS_TIME);
	return 0;
}

/* Required, who and last have to be able to list the login; preferred, the supervisor says when they cannot. */
static int settle_accounting(const struct crl_job *job, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	scoped_free struct crl_accounting *a = NULL;
	bool there;
	int r;

	if (p->need[CRL_FEATURE_ACCOUNTING] != CRL_NEED_REQUIRE || job->options->rehearse ||
	    !(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)))
		return 0;
	a = malloc(sizeof(*a));
	if (!a)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	r = crl_accounting_open(&crl_accounting_host_files, a, err);
	if (r < 0)
		return r;
	there = a->utmp >= 0 && a->wtmp >= 0;
	crl_accounting_done(a);
	return there ? 0
		     : crl_err_set(err, EOPNOTSUPP, CRL_STAGE_STATE,
				   "this host has no %s or %s (features.accounting is \"require\")",
				   crl_accounting_host_files.utmp, crl_accounting_host_files.wtmp);
}

int crl_decide(struct crl_job *job, struct crl_err *err)
{
	struct crl_adopt *a = &job->adopt;
	int r;

	r = choose_policy(job, err);
	if (r < 0)
		return r;
	r = expand_policy(job, err);
	if (r == 0)
		r = settle_time(job, err);
	if (r == 0)
		r = settle_accounting(job, err);
	if (r < 0)
		return r;
	r = crl_room_choose_name(job, err);
	if (r < 0)
		return r;
	a->ns_mask = job->policy.namespaces;
	crl_caps_plan(&job->policy, a);
	a->filter_log = job->policy.seccomp.log;
	(void)snprintf(a->id, sizeof(a->id), "%s", job->id);
	(void)snprintf(a->policy, sizeof(a->policy), "%s", job->policy.name);
	return 0;
}

static int compile_filter(struct crl_job *job, const char *groups_path, uint32_t flags, struct crl_err *err)
{
	scoped(crl_sysgroups) groups = {0};
	int r = crl_sysgroups_load(groups_path, &groups, err);

	return r < 0 ? r : crl_filter_compile(&job->policy.seccomp, &groups, flags, &job->filter, err);
}

int crl_filter_obtain(struct crl_job *job, struct crl_err *err)
{
	uint32_t flags = crl_ns_clone_flags(job->policy.namespaces);
	char path[512], key[8192];
	struct crl_err cache_err = {0};
	int r;

	job->filter.len = 0;
	if (job->policy.seccomp.base[0] == '\0' || job->policy.need[CRL_FEATURE_SECCOMP] == CRL_NEED_OFF)
		return 0;
	r = snprintf(path, sizeof(path), "%s/syscalls.conf", crl_config_data_dir(job->config));
	if (r < 0 || (size_t)r >= sizeof(path))
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_FILTER, "data_dir is too long");
	r = crl_filter_key(&job->policy.seccomp, path, flags, key, sizeof(key), err);
	if (r < 0)
		return r;
	crl_filter_cache_name(key, job->filter_name);
	if (crl_filter_cache_get(job->state.cache, key, &job->filter) == 0)
		return 0;
	r = compile_filter(job, path, flags, err);
	if (r < 0)
		return r;
	if (crl_filter_cache_put(job->state.cache, key, &job->filter, &cache_err) < 0)
		crl_log(LOG_WARNING, "id=%s: filter not cached: %s", job->id, cache_err.text);
	return 0;
}
