// SPDX-License-Identifier: Apache-2.0
/*
 * See last.h. The room is there either way; what carrel-shell does is not, for who does not come by it.
 */
#include "ctl/check/last.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"
#include "ctl/host/services.h"
#include "ctl/shell/way.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"
#include "wire/login.h"
#include "wire/stage.h"

#define POLICIES_MAX 32
#define ASKED_MAX 200 /* users for whom sshd is asked */

/* One finding of each kind for a policy: a thousand users have one mistake. */
struct last_told {
	char policy[CRL_POLICY_NAME_MAX];
	bool past; /* somebody does not come by carrel-shell */
	bool nowhere; /* somebody's shell is carrel-shell, and the policy says no other */
};

struct last_look {
	struct ctl_findings *f;
	const struct ctl *c;
	const struct crl_config *config;
	struct last_told told[POLICIES_MAX];
	size_t len;
	size_t asked;
};

static struct last_told *told_of(struct last_look *a, const char *policy)
{
	for (size_t i = 0; i < a->len; i++)
		if (strcmp(a->told[i].policy, policy) == 0)
			return &a->told[i];
	if (a->len == POLICIES_MAX)
		return NULL;
	(void)snprintf(a->told[a->len].policy, sizeof(a->told[0].policy), "%s", policy);
	return &a->told[a->len++];
}

/* By the launcher's name they have them all the same. */
static const char *what_comes_last(const struct crl_policy *p)
{
	return !p->cap_ambient            ? p->profiles_len ? "user, shell, seccomp.profiles" : "user, shell"
	       : p->shell_seccomp.base[0] ? "shell, capabilities.ambient but for " CRL_LAST_CAPS " COMMAND"
					  : "capabilities.ambient but for " CRL_LAST_CAPS " COMMAND";
}

static void tell_past(struct last_look *a, struct last_told *t, const char *what, const char *user)
{
	t->past = true;
	ctl_find(a->f, CTL_WARNING, NULL, 0, "carrelctl enable --shell USER or GROUP, or usermod -s " CRL_SHELL_PATH,
		 "policy %s needs carrel-shell for what comes last (%s), and logins of user %s do not come by it: "
		 "they are in the room without that",
		 t->policy, what, user);
}

static void judge(struct last_look *a, const struct crl_policy *p, const char *user)
{
	const struct passwd *pw = getpwnam(user);
	bool shell = pw && pw->pw_shell && ctl_shell_is_ours(pw->pw_shell);
	struct last_told *t = told_of(a, p->name);
	char way[256];

	if (!pw || !t)
		return;
	if (shell && !p->shell_path && !t->nowhere) {
		t->nowhere = true;
		ctl_find(a->f, CTL_ERROR, NULL, 0, "shell = { path = \"/bin/bash\"; }, or another",
			 "policy %s says no shell.path, and user %s has carrel-shell for a shell in passwd: their "
			 "logins are refused",
			 t->policy, user);
	}
	if (shell || t->past || !crl_policy_has_last_stage(p) || a->asked++ >= ASKED_MAX)
		return;
	if (ctl_shell_way(user, pw->pw_shell, way, sizeof(way)) == 0 && !way[0])
		tell_past(a, t, what_comes_last(p), user);
}

static bool look_at_user(void *arg, const char *user)
{
	scoped_free struct crl_login *l = malloc(sizeof(*l));
	scoped(crl_policy) p = {0};
	struct last_look *a = arg;
	struct ctl like = *a->c;
	const struct crl_match m = {.login = l, .now = time(NULL), .lookup = ctl_group_lookup, .ask = ctl_command_none};
	const struct crl_rule *rule = NULL;

	if (!l)
		return false;
	like.service = ctl_service_of_sshd();
	like.rhost = like.tty = NULL;
	if (ctl_login_of(&like, user, l, NULL) == 0 && !ctl_is_exempt(&like, l) &&
	    crl_rules_match(crl_config_rules(a->config), &m, &rule, NULL) == 0 &&
	    crl_config_policy(a->config, rule->policy, &p, NULL) == 0)
		judge(a, &p, user);
	return true;
}

/* Is it worth to ask about every account? Their shells in passwd are, as soon as there is a carrel-shell at all. */
static bool is_wanted(const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);
	bool wanted = false;

	for (size_t i = 0; i < rules->len && !wanted; i++) {
		scoped(crl_policy) p = {0};

		wanted = crl_config_policy(config, rules->item[i].policy, &p, NULL) == 0 &&
			 crl_policy_has_last_stage(&p);
	}
	return wanted;
}

void ctl_check_last(struct ctl_findings *f, const struct ctl *c, const struct crl_config *config)
{
	scoped_free struct last_look *a = calloc(1, sizeof(*a));

	if (!a || geteuid() != 0 || !is_wanted(config))
		return;
	a->f = f;
	a->c = c;
	a->config = config;
	ctl_each_account(look_at_user, a);
	ctl_find(f, CTL_NOTE, NULL, 0, "none, where the room alone is enough for these",
		 "forwards, internal-sftp without ForceCommand, " CTL_SHELL_PAST
		 " start no login shell: where PAM makes "
		 "the room they are in it, and outside of what carrel-shell does (user namespace, shell.seccomp, "
		 "seccomp.profiles, ambient capabilities)");
}
