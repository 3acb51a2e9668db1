// SPDX-License-Identifier: Apache-2.0
/* What is published for a user; see publish.h. */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/conf/who.h"
#include "ctl/shell/publish.h"
#include "door/names.h"
#include "plan/filter/nest.h"
#include "plan/filter/set.h"
#include "policy/file/load.h"
#include "policy/filter/sysgroups.h"
#include "policy/rules/bare.h"
#include "policy/rules/match.h"

/* What carrel-shell cannot know, or could be told wrong: by it no rule can choose. */
static const enum crl_condition passing[] = {CRL_COND_RHOST, CRL_COND_TTY, CRL_COND_TIME, CRL_COND_COMMAND};

static bool depends_on_login(const struct crl_rule *r)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(passing); i++)
		if (r->is[passing[i]].len > 0 || r->is_not[passing[i]].len > 0)
			return true;
	return false;
}

static struct crl_rule without_passing(const struct crl_rule *rule)
{
	struct crl_rule r = *rule;

	for (size_t i = 0; i < CRL_ARRAY_LEN(passing); i++)
		r.is[passing[i]].len = r.is_not[passing[i]].len = 0;
	return r;
}

static int find_rule(const struct crl_config *config, const struct crl_login *login, const struct crl_rule **ret,
		     struct crl_err *err)
{
	const struct crl_rules *rules = crl_config_rules(config);
	const struct crl_match m = {.login = login, .now = time(NULL), .lookup = ctl_group_lookup};

	for (size_t i = 0; i < rules->len; i++) {
		const struct crl_rule lasting = without_passing(&rules->item[i]);
		int rc = crl_rule_matches(&lasting, &m, NULL, err);

		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		*ret = &rules->item[i];
		if (!depends_on_login(*ret))
			return 0;
		return crl_err_at(err, EINVAL, CRL_STAGE_RULE, (*ret)->file, (*ret)->line,
				  "the rule depends on rhost, tty, time or a command, which nobody proves to "
				  "carrel-shell; give a rule before it that does not");
	}
	return crl_err_set(err, EACCES, CRL_STAGE_RULE, "no rule matches user %s", login->user);
}

static bool is_carrel_shell(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, CTL_SHELL_NAME) == 0;
}

static int take_shell(const char *shell, struct crl_published *ret, struct crl_err *err)
{
	if (crl_path_fault(shell) || strlen(shell) >= sizeof(ret->shell) || is_carrel_shell(shell))
		return crl_err_set(err, EINVAL, CRL_STAGE_REQUEST, "%s is no shell for user %s", shell, ret->user);
	(void)snprintf(ret->shell, sizeof(ret->shell), "%s", shell);
	return 0;
}

/* Of passwd; a policy's shell.path comes before it. */
static int find_shell(const struct passwd *pw, struct crl_published *ret, struct crl_err *err)
{
	const char *shell = pw->pw_shell && *pw->pw_shell ? pw->pw_shell : "/bin/sh";

	return take_shell(is_carrel_shell(shell) ? "/bin/bash" : shell, ret, err);
}

bool ctl_shell_is_private(const struct crl_published *p)
{
	const struct group *gr = getgrgid(p->gid);
	bool alone = gr && strcmp(gr->gr_name, p->user) == 0 && !gr->gr_mem[0];
	const struct passwd *pw;

	setpwent();
	while (alone && (pw = getpwent()) != NULL)
		alone = pw->pw_gid != p->gid || pw->pw_uid == p->uid;
	endpwent();
	return alone;
}

static int describe(const struct ctl *c, const char *user, struct crl_login *l, struct crl_published *ret,
		    struct crl_err *err)
{
	const struct passwd *pw;
	int rc = ctl_login_of(c, user, l, err);

	if (rc < 0)
		return rc;
	if (l->uid == 0)
		return crl_err_set(err, EINVAL, CRL_STAGE_REQUEST, "root has no room, whoever makes it");
	crl_ignore(crl_names_group_name(l->gid, ret->group) < 0); /* %g is refused then where it is used */
	memcpy(ret->user, l->user, sizeof(ret->user));
	memcpy(ret->home, l->home, sizeof(ret->home));
	ret->uid = l->uid;
	ret->gid = l->gid;
	pw = getpwnam(user);
	return pw ? find_shell(pw, ret, err) : crl_err_set(err, ENOENT, CRL_STAGE_REQUEST, "no user %s", user);
}

static bool wants_filter(const struct crl_policy *p)
{
	return p->seccomp.base[0] && p->need[CRL_FEATURE_SECCOMP] != CRL_NEED_OFF;
}

static int make_filter(const struct crl_config *config, struct crl_published *ret, struct crl_err *err)
{
	scoped_free struct crl_callset *set = malloc(sizeof(*set));
	const struct crl_filter_room room = {.setns_flags = 0}; /* nobody goes back from it */
	scoped(crl_sysgroups) groups = {0};
	char path[PATH_MAX];
	int rc;

	ret->nest = !wants_filter(&ret->policy);
	if (ret->nest)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/syscalls.conf", crl_config_data_dir(config));
	rc = set ? crl_sysgroups_load(path, &groups, err) : crl_err_set(err, ENOMEM, CRL_STAGE_FILTER, "out of memory");
	if (rc == 0)
		rc = crl_callset_build(&ret->policy.seccomp, &groups, set, err);
	if (rc == 0)
		ret->nest = crl_callset_lets_nest(set);
	return rc < 0 ? rc : crl_filter_compile(&ret->policy.seccomp, &groups, &room, &ret->filter, err);
}

/* By number and name: who is given a number that was somebody else's keeps nothing of theirs. */
static int place_kept(const struct crl_config *config, struct crl_published *ret, struct crl_err *err)
{
	int n = snprintf(ret->kept, sizeof(ret->kept), "%s.alone/%" PRIu32 ".%s", crl_config_store(config), ret->uid,
			 ret->user);

	if (n > 0 && (size_t)n < sizeof(ret->kept) && !strchr(ret->user, '/') && !crl_path_fault(ret->kept))
		return 0;
	return crl_err_set(err, EINVAL, CRL_STAGE_STATE, "no directory can be named for user %s", ret->user);
}

int ctl_shell_work_out(const struct ctl *c, const struct crl_config *config, const char *user,
		       struct crl_published *ret, struct crl_err *err)
{
	scoped_free struct crl_login *l = calloc(1, sizeof(*l));
	const struct crl_rule *rule;
	int rc;

	*ret = (struct crl_published){.room = false};
	if (!l)
		return crl_err_set(err, ENOMEM, CRL_STAGE_REQUEST, "out of memory");
	rc = describe(c, user, l, ret, err);
	if (rc < 0)
		return rc;
	(void)snprintf(ret->contact, sizeof(ret->contact), "%s", crl_config_contact(config));
	if (ctl_is_exempt(c, l))
		return 0;
	rc = find_rule(config, l, &rule, err);
	if (rc == 0)
		rc = crl_config_policy(config, rule->policy, &ret->policy, err);
	if (rc < 0)
		return rc;
	/* The host's is in no policy. */
	ret->policy.language = (enum crl_speaks)(1 + crl_policy_language(&ret->policy, crl_config_language(config)));
	if (ret->policy.shell_path) {
		rc = take_shell(ret->policy.shell_path, ret, err);
		if (rc < 0)
			return rc;
	}
	ret->room = crl_policy_isolates(config, &ret->policy);
	if (ret->room && crl_policy_keeps_home(&ret->policy))
		rc = place_kept(config, ret, err);
	return ret->room && rc == 0 ? make_filter(config, ret, err) : rc;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int ctl_shell_all(uint32_t **ret, size_t *ret_len, struct crl_err *err)
{
	scoped_free uint32_t *all = NULL;
	scoped(crl_dir) dir = {0};
	size_t len = 0;
	uint32_t uid;
	int rc;

	(void)crl_dir_open(AT_FDCWD, CRL_PUBLISHED_DIR, &dir); /* its error is asked for at the end */
	for (const char *name; (name = crl_dir_next(&dir));) {
		uint32_t *bigger;

		if (!crl_published_is_name(name, &uid))
			continue;
		bigger = reallocarray(all, len + 1, sizeof(*all));
		if (!bigger)
			return crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory");
		all = bigger;
		all[len++] = uid;
	}
	rc = dir.error == -ENOENT ? 0 : dir.error;
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot read " CRL_PUBLISHED_DIR);
	if (len > 1)
		qsort(all, len, sizeof(*all), by_number);
	*ret = take_ptr(all);
	*ret_len = len;
	return 0;
}

void ctl_shell_judge(const struct crl_published *p, crl_rootless_lack *tell, void *arg)
{
	const struct crl_rootless_can can = {
		.time = true, .cgroup = true, .nest = p->nest, .pasta = access(CRL_PASTA, X_OK) == 0};

	if (p->room)
		crl_rootless_judge(&p->policy, &can, tell, arg);
}
