// SPDX-License-Identifier: Apache-2.0
/*
 * From the request to what this login gets: rule, policy, the sets that the module adopts.
 *
 * Runs in: helper (root). Changes nothing.
 */
#include "helper/decide.h"

#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>

#include "apply/accounting/accounting.h"
#include "apply/filecaps.h"
#include "apply/rule_command.h"
#include "base/err.h"
#include "base/log.h"
#include "base/nskind.h"
#include "base/text.h"
#include "helper/job.h"
#include "helper/process/beside.h"
#include "helper/service.h"
#include "helper/whose.h"
#include "plan/caps.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"
#include "policy/template.h"
#include "state/trial/trial.h"
#include "wire/fdpass.h"
#include "wire/msg.h"
#include "wire/phases.h"
#include "wire/proto.h"

#define COMMAND_RESERVE_MS 2000 /* of the login's time, so that it can still be told why it is refused */

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
	int rc;

	if (++l->count > CRL_LOOKUPS_MAX)
		return -E2BIG;
	if (strlen(name) >= sizeof(ask.group))
		return -ENAMETOOLONG;
	memcpy(ask.group, name, strlen(name));
	rc = crl_msg_send(l->job->channel, CRL_MSG_LOOKUP, &ask, sizeof(ask), NULL, 0);
	if (rc == 0)
		rc = crl_msg_recv(l->job->channel, &crl_phases[CRL_PHASE_GROUP], &found, sizeof(found),
				  l->job->deadline_ms, &got);
	if (rc < 0)
		return rc;
	if (found.code != 0)
		return found.code > 0 ? -found.code : -EBADMSG;
	*ret_gid = found.gid;
	return 0;
}

/* What it costs, and what came of it, is told in any case. */
static int ask_command(void *arg, const char *text, struct crl_err *err)
{
	const struct crl_job *job = ((const struct lookup *)arg)->job;
	const struct crl_asked_command q = {
		.text = text, .login = &job->login, .deadline_ms = job->deadline_ms - COMMAND_RESERVE_MS};
	int ms, rc = crl_ask_rule_command(&q, &ms, err);

	crl_log(LOG_INFO, "id=%s uid=%u: command \"%s\": %s, %d ms", job->id, job->login.uid, text,
		rc > 0    ? "yes"
		: rc == 0 ? "no"
			  : "no answer",
		ms);
	return rc;
}

/* A trial is never silent: whoever wonders about a login finds it in the log. */
static void log_trial(const struct crl_job *job, const struct crl_in_force *f)
{
	char until[32], why[CRL_ERR_TEXT_MAX * 4];

	if (f->state == CRL_TRIAL_NONE) /* nearly always: no time zone is read for it */
		return;
	crl_trial_until(&f->trial, until, sizeof(until));
	crl_visible_line(why, sizeof(why), f->why.text);
	if (f->fell_back || f->state == CRL_TRIAL_BROKEN)
		crl_log(LOG_WARNING, "id=%s uid=%u: the configuration on trial does not count: %s", job->id,
			job->login.uid, why);
	else if (f->state == CRL_TRIAL_RUNNING)
		crl_log(LOG_NOTICE, "id=%s uid=%u: configuration on trial until %s, trial=%s by=%s", job->id,
			job->login.uid, until, f->trial.id, f->trial.by);
	else if (f->state == CRL_TRIAL_CONFIRMED)
		crl_log(LOG_WARNING,
			"id=%s uid=%u: confirmed configuration not yet in place, trial=%s: carrelctl confirm", job->id,
			job->login.uid, f->trial.id);
	else if (f->state == CRL_TRIAL_OVER)
		crl_log(LOG_INFO,
			"id=%s uid=%u: trial=%s by=%s is over, unconfirmed: the configuration before it counts",
			job->id, job->login.uid, f->trial.id, f->trial.by);
}

/* The name of the login's primary group, asked back from the module; -ENOENT where it has none. */
static int name_group(const struct crl_job *job, struct crl_msg_named *ret)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	const struct crl_msg_name ask = {.gid = job->login.gid};
	int rc = crl_msg_send(job->channel, CRL_MSG_NAME, &ask, sizeof(ask), NULL, 0);

	if (rc == 0)
		rc = crl_msg_recv(job->channel, &crl_phases[CRL_PHASE_GROUP_NAME], ret, sizeof(*ret), job->deadline_ms,
				  &got);
	if (rc == 0)
		rc = crl_msg_check_named(ret);
	if (rc == 0 && ret->code != 0)
		rc = ret->code > 0 ? -ret->code : -EBADMSG;
	return rc;
}

/* Templates to what they stand for, before the room is named: logins for which they differ share none. */
static int expand_policy(struct crl_job *job, struct crl_err *err)
{
	struct crl_msg_named named = {0};
	char host[CRL_FACT_MAX] = "";
	const struct crl_facts facts = {.login = &job->login, .host = host, .group = named.group};
	int rc = 0;

	if (gethostname(host, sizeof(host) - 1) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CONFIG, "cannot read the host's name");
	if (crl_policy_uses(&job->policy, 'g'))
		rc = name_group(job, &named);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_CONFIG, "%%g: the name service has no name for group %u: %s",
				   job->login.gid, strerrordesc_np(-rc));
	return crl_expand_policy(&job->policy, &facts, err);
}

static int choose_policy(struct crl_job *job, struct crl_err *err)
{
	struct lookup l = {.job = job};
	const struct crl_match m = {
		.login = &job->login, .now = time(NULL), .lookup = lookup_group, .ask = ask_command, .arg = &l};
	struct crl_in_force in_force;
	const char *name;
	int rc;

	rc = crl_trial_load(job->options->config, &job->config, &in_force, err);
	log_trial(job, &in_force);
	if (rc < 0)
		return rc;
	name = job->options->policy;
	if (!name) {
		rc = crl_rules_match(crl_config_rules(job->config), &m, &job->rule, err);
		if (rc < 0)
			return rc;
		name = job->rule->policy;
	}
	rc = crl_config_policy(job->config, name, &job->policy, err);
	if (rc == 0 && job->options->rehearse) {
		job->policy.share = CRL_SHARE_LOGIN;
		job->policy.on_close = CRL_CLOSE_KILL;
		job->policy.linger_s = 0;
	}
	return rc;
}

/* Why no time namespace can be made here, or NULL: the kernel has none, or the service has been denied the clock. */
static const char *lacks_time(void)
{
	if (access("/proc/self/ns/time", F_OK) < 0)
		return "this kernel has no time namespaces (CONFIG_TIME_NS, Linux 5.6)";
	if (prctl(PR_CAPBSET_READ, CAP_SYS_TIME) != 1)
		return "without CAP_SYS_TIME its boot clock cannot be set (ProtectClock= in the service's unit, or a "
		       "container)";
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
		return crl_err_set(err, EOPNOTSUPP, CRL_STAGE_NAMESPACE,
				   "%s (namespaces; features.time is \"require\")", lack);
	if (p->need[CRL_FEATURE_TIME] == CRL_NEED_PREFER)
		crl_log(LOG_WARNING, "id=%s uid=%u: no time namespace, going on without: %s", job->id, job->login.uid,
			lack);
	p->namespaces &= ~CRL_NS_BIT(CRL_NS_TIME);
	return 0;
}

/* Is there somebody who keeps us from naming a host? Asked with a length that the kernel refuses after that. */
static bool can_name_host(void)
{
	return syscall(SYS_sethostname, NULL, -1) == 0 || (errno != EPERM && errno != EACCES && errno != ENOSYS);
}

/* Without its own name the room shows the host's. */
static int settle_hostname(struct crl_job *job, struct crl_err *err)
{
	static const char why[] =
		"this service may name no host (ProtectHostname= in its unit, or CAP_SYS_ADMIN is missing)";
	struct crl_policy *p = &job->policy;
	enum crl_need need = p->need[CRL_FEATURE_HOSTNAME];

	if (!p->hostname[0] || !(p->namespaces & CRL_NS_BIT(CRL_NS_UTS)))
		return 0;
	if (need != CRL_NEED_OFF && can_name_host())
		return 0;
	if (need == CRL_NEED_REQUIRE)
		return crl_err_set(err, EPERM, CRL_STAGE_NAMESPACE,
				   "cannot set host name %s: %s (features.hostname is \"require\")", p->hostname, why);
	if (need == CRL_NEED_PREFER)
		crl_log(LOG_WARNING, "id=%s uid=%u: no host name of its own, going on without: %s", job->id,
			job->login.uid, why);
	p->hostname[0] = '\0';
	return 0;
}

/* Of sets what this kernel has: a name that it does not know gives nobody anything. check tells the administrator. */
static void settle_known(struct crl_job *job)
{
	struct crl_policy *p = &job->policy;
	const uint64_t all = p->cap_bounding | crl_policy_inheritable(p), known = crl_filecaps_known(all);

	if (known == all)
		return;
	crl_log(LOG_WARNING, "id=%s uid=%u: policy %s names capabilities that this kernel does not have", job->id,
		job->login.uid, p->name);
	p->cap_bounding &= known;
	p->cap_inheritable &= known;
	p->cap_ambient &= known;
}

static const char *lacks_ambient(uint64_t caps)
{
	char path[PATH_MAX];

	return crl_beside(CRL_LAUNCHER_PROGRAM, path, sizeof(path)) < 0 ? CRL_LAUNCHER_PROGRAM
		       " is not beside carrel-helper, or not root's alone"
									: crl_filecaps_lack(caps);
}

/* Without them the login has less power, and no_new_privs from the beginning. */
static int settle_ambient(struct crl_job *job, struct crl_err *err)
{
	struct crl_policy *p = &job->policy;
	enum crl_need need = p->need[CRL_FEATURE_AMBIENT];
	const char *lack;

	settle_known(job);
	if (!p->cap_ambient)
		return 0;
	lack = need == CRL_NEED_OFF ? "features.ambient is \"off\"" : lacks_ambient(p->cap_ambient);
	if (!lack)
		return 0;
	if (need == CRL_NEED_REQUIRE)
		return crl_err_set(err, EPERM, CRL_STAGE_CAPS,
				   "no ambient capabilities: %s (features.ambient is \"require\")", lack);
	if (need == CRL_NEED_PREFER)
		crl_log(LOG_WARNING, "id=%s uid=%u: no ambient capabilities, going on without: %s", job->id,
			job->login.uid, lack);
	p->cap_ambient = 0;
	return 0;
}

/* Required, who and last have to be able to list the login; preferred, the supervisor says when they cannot. */
static int settle_accounting(const struct crl_job *job, struct crl_err *err)
{
	const struct crl_policy *p = &job->policy;
	scoped_free struct crl_accounting *a = NULL;
	bool there;
	int rc;

	if (p->need[CRL_FEATURE_ACCOUNTING] != CRL_NEED_REQUIRE || !(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)))
		return 0;
	a = malloc(sizeof(*a));
	if (!a)
		return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
	rc = crl_accounting_open(&crl_accounting_host_files, a, err);
	if (rc < 0)
		return rc;
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
	int rc;

	rc = choose_policy(job, err);
	if (rc < 0)
		return rc;
	rc = expand_policy(job, err);
	if (rc == 0)
		rc = crl_service_check(&job->policy, err);
	if (rc == 0)
		rc = settle_time(job, err);
	if (rc == 0)
		rc = settle_hostname(job, err);
	if (rc == 0)
		rc = settle_ambient(job, err);
	if (rc == 0)
		rc = settle_accounting(job, err);
	if (rc < 0)
		return rc;
	rc = crl_whose_choose_name(job, err);
	if (rc < 0)
		return rc;
	a->ns_mask = job->policy.namespaces;
	crl_caps_plan(&job->policy, a);
	a->filter_log = job->policy.seccomp.log;
	(void)snprintf(a->id, sizeof(a->id), "%s", job->id);
	(void)snprintf(a->policy, sizeof(a->policy), "%s", job->policy.name);
	return 0;
}
