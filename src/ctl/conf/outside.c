// SPDX-License-Identifier: Apache-2.0
/* See outside.h. */
#include "ctl/conf/outside.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/scope.h"
#include "base/words.h"
#include "ctl/conf/who.h"
#include "ctl/host/pamstack.h"
#include "ctl/host/pamview.h"
#include "door/exempt.h"
#include "door/names.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/bare.h"
#include "policy/rules/match.h"
#include "wire/login.h"

#define PASSWD "/etc/passwd"

/* Of a line that opens rooms. A name that the module refuses leaves it with the usual group. */
static void note_group(void *arg, const char *service, const struct ctl_pam_step *step)
{
	struct ctl_outside_by *by = arg;
	char named[PAM_WORD_BYTES];
	bool names;

	(void)service;
	if (!step->line.opens)
		return;
	names = ctl_pam_line_argument(&step->line, "break_glass", named);
	by->unknown |= crl_words_add(&by->glass, crl_exempt_group(names ? named : NULL)) < 0;
}

void ctl_outside_begin(const struct crl_config *config, const struct ctl_pam_view *v, struct ctl_outside_by *ret)
{
	*ret = (struct ctl_outside_by){.config = config};
	ctl_pam_view_wired(v, note_group, ret);
	crl_words_sort(&ret->glass);
}

void ctl_outside_done(struct ctl_outside_by *by)
{
	crl_words_done(&by->glass);
}

static bool is_exempt(const struct ctl_outside_by *by, const struct crl_login *login)
{
	bool all = by->glass.len > 0 && !by->unknown;

	for (size_t i = 0; i < by->glass.len && all; i++)
		all = crl_exempt_breaks_glass(login, by->glass.item[i]) > 0;
	return all || crl_exempt_is_root(login);
}

static void judge_by_rules(const struct crl_rule *rule, enum crl_bare bare, struct ctl_outside *ret)
{
	ret->may = bare == CRL_BARE_MAY;
	if (rule)
		(void)snprintf(ret->why, sizeof(ret->why), "policy %s, which %s:%d can give them, isolates",
			       rule->policy, rule->file, rule->line);
	else
		(void)snprintf(ret->why, sizeof(ret->why), "%s",
			       ret->may ? "no rule isolates them"
					: "no rule lets them in at all times, and what no rule matches is refused");
}

int ctl_outside_of_user(const struct ctl_outside_by *by, const char *user, struct ctl_outside *ret, struct crl_err *err)
{
	scoped_free struct crl_login *login = calloc(1, sizeof(*login));
	const struct crl_match m = {.login = login, .lookup = ctl_group_lookup};
	const struct crl_rule *rule;
	enum crl_bare bare;
	int rc;

	*ret = (struct ctl_outside){.may = false};
	if (!login)
		return crl_err_set(err, ENOMEM, CRL_STAGE_REQUEST, "out of memory");
	rc = crl_names_user(user, login, err);
	if (rc == 0)
		rc = crl_names_groups(login, err);
	if (rc < 0)
		return rc;
	if (is_exempt(by, login)) {
		ret->may = true;
		(void)snprintf(ret->why, sizeof(ret->why), "exempt: logs in without a room");
		return 0;
	}
	if (!by->config)
		return crl_err_set(err, EINVAL, CRL_STAGE_CONFIG, "the configuration cannot be read");
	rc = crl_bare_judge(by->config, &m, &bare, &rule, err);
	if (rc == 0)
		judge_by_rules(rule, bare, ret);
	return rc;
}

/* Other names of the same number, which may have rules of their own. Only the file is asked: directories cannot be. */
static int judge_aliases(const struct ctl_outside_by *by, uint32_t uid, const char *first, struct ctl_outside *ret,
			 struct crl_err *err)
{
	scoped_file *f = fopen(PASSWD, "re");
	int rc = 0;

	for (const struct passwd *pw; rc == 0 && ret->may && f && (pw = fgetpwent(f));)
		if (pw->pw_uid == uid && strcmp(pw->pw_name, first) != 0)
			rc = ctl_outside_of_user(by, pw->pw_name, ret, err);
	return rc;
}

int ctl_outside_of_uid(const struct ctl_outside_by *by, uint32_t uid, struct ctl_outside *ret, struct crl_err *err)
{
	char name[CRL_USER_MAX];
	int rc = crl_names_user_name(uid, name);

	*ret = (struct ctl_outside){.may = false};
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_REQUEST,
				   rc == -ENOENT ? "no user has uid %u" : "uid %u: the name service did not answer",
				   uid);
	rc = ctl_outside_of_user(by, name, ret, err);
	return rc < 0 ? rc : judge_aliases(by, uid, name, ret, err);
}

static void note_opening(void *arg, const char *service, const struct ctl_pam_step *step)
{
	bool *wired = arg;

	(void)service;
	*wired |= step->line.opens;
}

bool ctl_is_wired(const struct ctl_pam_view *v)
{
	bool wired = access(v->dir, R_OK | X_OK) < 0 && errno != ENOENT;

	ctl_pam_view_wired(v, note_opening, &wired);
	return wired;
}

bool ctl_isolates_anybody(const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);

	for (size_t i = 0; i < rules->len; i++) {
		scoped(crl_policy) p = {0};

		if (crl_config_policy(config, rules->item[i].policy, &p, NULL) < 0 || crl_policy_isolates(config, &p))
			return true;
	}
	return false;
}
