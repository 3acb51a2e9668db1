// SPDX-License-Identifier: Apache-2.0
/*
 * sshd's ChrootDirectory is looked for in the room: does the room of those whom it is for have that directory, and can
 * they write where they could without carrel?
 */
#include "ctl/check/chroot.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"
#include "ctl/host/answers.h"
#include "ctl/host/pamview.h"
#include "ctl/host/services.h"
#include "ctl/host/sshdconf.h"
#include "door/names.h"
#include "plan/mounts/plan.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"
#include "policy/template.h"
#include "wire/login.h"
#include "wire/proto.h"

#define VALUES_MAX 64
#define TOLD_MAX 128

/* One finding for each value and policy: a thousand users of a rule have one mistake. */
struct told {
	size_t value;
	char policy[CRL_POLICY_NAME_MAX];
};

struct chroots {
	struct ctl_findings *f;
	const struct ctl *c;
	const struct crl_config *config;
	struct ctl_sshd_value value[VALUES_MAX];
	size_t len;
	struct told told[TOLD_MAX];
	size_t told_len;
};

/* One user's room, and what they are to be locked into. */
struct locked {
	struct chroots *all;
	const struct ctl_sshd_value *v;
	enum ctl_level level;
	struct crl_login *login;
	const struct crl_policy *policy;
	char path[PATH_MAX];
};

static bool take_value(void *arg, const struct ctl_sshd_value *v)
{
	struct chroots *all = arg;

	all->value[all->len++] = *v;
	return all->len == VALUES_MAX;
}

static bool is_in_group(void *arg, const char *pattern)
{
	const struct crl_login *l = arg;
	char name[CRL_GROUP_MAX];

	for (uint32_t i = 0; i < l->ngroups; i++)
		if (crl_names_group_name(l->groups[i], name) == 0 && fnmatch(pattern, name, FNM_NOESCAPE) == 0)
			return true;
	return crl_names_group_name(l->gid, name) == 0 && fnmatch(pattern, name, FNM_NOESCAPE) == 0;
}

/* %h %u %U %%. False where it does not fit, or is no path. */
static bool expand(const struct crl_login *l, const char *text, char ret[PATH_MAX])
{
	size_t at = 0;

	ret[0] = '\0';
	for (const char *p = text; *p && at < PATH_MAX; p++) {
		char uid[16], one[2] = {*p, '\0'};
		const char *put = one;

		(void)snprintf(uid, sizeof(uid), "%u", l->uid);
		if (*p == '%' && p[1])
			p++, put = *p == 'h' ? l->home : *p == 'u' ? l->user : *p == 'U' ? uid : *p == '%' ? "%" : "";
		at += (size_t)snprintf(ret + at, PATH_MAX - at, "%s", put);
	}
	while (at > 1 && at < PATH_MAX && ret[at - 1] == '/')
		ret[--at] = '\0';
	return at > 1 && at < PATH_MAX && ret[0] == '/';
}

/* The same in a policy, whose templates have no home. */
static void as_template(const struct locked *k, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%s", strstr(k->v->text, "%h") ? k->path : k->v->text);
	for (size_t len = strlen(ret); len > 1 && ret[len - 1] == '/'; len--)
		ret[len - 1] = '\0';
}

static void tell(const struct locked *k, enum ctl_level level, const char *mend, const char *what)
{
	ctl_find(k->all->f, level, k->v->file, k->v->line, mend, "ChrootDirectory %s, for which policy %s of %s %s",
		 k->path, k->policy->name, k->login->user, what);
}

static void tell_writable(const struct locked *k, enum ctl_level level, const char *what)
{
	char path[PATH_MAX], mend[PATH_MAX + 100];

	as_template(k, path, sizeof(path));
	(void)snprintf(mend, sizeof(mend), "policy %s: root = { writable_paths_add = [ \"%s\" ]; }", k->policy->name,
		       path);
	tell(k, level, mend, what);
}

static bool may_write(const struct crl_login *l, const struct stat *st)
{
	return (st->st_uid == l->uid && (st->st_mode & S_IWUSR)) || (st->st_mode & S_IWOTH) ||
	       (crl_login_in_group(l, st->st_gid) && (st->st_mode & S_IWGRP));
}

/* A directory in it that is there for uploads: sshd wants the upper one to be root's. */
static bool has_place_to_write(const struct crl_login *l, const char *dir)
{
	scoped(crl_dir) walk = {0};
	bool found = false;
	struct stat st;

	(void)crl_dir_follow(AT_FDCWD, dir, &walk);
	for (const char *name; !found && (name = crl_dir_next(&walk));)
		found = name[0] != '.' && fstatat(crl_dir_fd(&walk), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISDIR(st.st_mode) && may_write(l, &st);
	return found;
}

static void judge(const struct locked *k, enum crl_mount_shown shown, const char *source)
{
	struct stat st;
	int rc;

	switch (shown) {
	case CRL_SHOWN_NOTHING:
		tell_writable(k, k->level, "shows nothing (root.hide): sshd ends each of their logins");
		break;
	case CRL_SHOWN_OWN:
		tell(k, k->level, "another directory",
		     "has a place of the room's own: sshd does not find the host's, and ends each login");
		break;
	case CRL_SHOWN_HOME:
		if (k->policy->home_mode != CRL_HOME_REAL)
			tell(k, k->level, "home = { mode = \"real\"; }, or a directory that is no home",
			     "makes a home that is the user's (home.mode): sshd wants root's, and ends each login");
		break;
	case CRL_SHOWN_READ_ONLY:
		rc = ctl_stat(source, &st);
		if (rc == -ETIMEDOUT)
			break;
		if (k->policy->root_mode == CRL_ROOT_IMAGE && rc < 0)
			tell(k, k->level, "make it in the image", "has an image without it: sshd ends each login");
		else if (has_place_to_write(k->login, source))
			tell_writable(k, CTL_WARNING, "is read-only: nothing can be put there");
		break;
	case CRL_SHOWN_WAY:
	case CRL_SHOWN_WRITABLE:
		break;
	}
}

static bool is_told(struct chroots *all, size_t value, const char *policy)
{
	struct told *t = &all->told[all->told_len];

	for (size_t i = 0; i < all->told_len; i++)
		if (all->told[i].value == value && strcmp(all->told[i].policy, policy) == 0)
			return true;
	if (all->told_len == TOLD_MAX)
		return true;
	t->value = value;
	(void)snprintf(t->policy, sizeof(t->policy), "%s", policy);
	all->told_len++;
	return false;
}

static void look_into_room(struct locked *k)
{
	struct crl_host host = {.room_id = "check", .cgroup2_unified = true};
	scoped_fd mountinfo = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct crl_mount_plan plan = {.len = 0};
	char source[PATH_MAX];

	crl_ignore(gethostname(host.name, sizeof(host.name) - 1) < 0);
	/* What cannot be planned is ctl_check_policies' to tell. */
	if (mountinfo < 0 || crl_host_read_mounts(mountinfo, &host, NULL) < 0)
		return;
	if (crl_mount_plan_build(k->policy, k->login, &host, &plan, NULL) == 0)
		judge(k, crl_mount_plan_where(&plan, k->path, source), source);
	crl_mount_plan_done(&plan);
	crl_host_done(&host);
}

/* The policy that the rules give the user, if they do, with its templates replaced. */
static bool policy_of(struct locked *k, struct crl_policy *p)
{
	const struct crl_match m = {
		.login = k->login, .now = time(NULL), .lookup = ctl_group_lookup, .ask = ctl_command_none};
	char host[CRL_FACT_MAX] = "", group[CRL_GROUP_MAX] = "";
	const struct crl_facts facts = {.login = k->login, .host = host, .group = group};
	const struct crl_rule *rule = NULL;

	crl_ignore(gethostname(host, sizeof(host) - 1) < 0);
	crl_ignore(crl_names_group_name(k->login->gid, group) < 0);
	return crl_rules_match(crl_config_rules(k->all->config), &m, &rule, NULL) == 0 &&
	       crl_config_policy(k->all->config, rule->policy, p, NULL) == 0 &&
	       crl_expand_policy(p, &facts, NULL) == 0 && (p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT));
}

static void look_at(struct locked *k)
{
	scoped(crl_policy) p = {0};
	bool known = false;

	for (size_t i = 0; i < k->all->len; i++) {
		enum ctl_sshd_applies applies =
			ctl_sshd_value_applies(&k->all->value[i], k->login->user, is_in_group, k->login);

		k->v = &k->all->value[i];
		if (applies == SSHD_NO)
			continue;
		if (strcasecmp(k->v->text, "none") != 0 && expand(k->login, k->v->text, k->path)) {
			if (!known && !policy_of(k, &p))
				return;
			known = true;
			k->policy = &p;
			k->level = applies == SSHD_YES ? CTL_ERROR : CTL_WARNING;
			if (!is_told(k->all, i, p.name))
				look_into_room(k);
		}
		if (applies == SSHD_YES) /* the first value counts */
			return;
	}
}

static bool look_at_user(void *arg, const char *user)
{
	scoped_free struct locked *k = calloc(1, sizeof(*k));
	scoped_free struct crl_login *l = malloc(sizeof(*l));
	struct chroots *all = arg;
	struct ctl like = *all->c;

	if (!k || !l)
		return false;
	like.service = ctl_service_of_sshd();
	like.rhost = like.tty = NULL;
	k->all = all;
	k->login = l;
	if (ctl_login_of(&like, user, l, NULL) == 0 && !ctl_is_exempt(&like, l))
		look_at(k);
	return true;
}

static void look_at_list(struct chroots *all, char *list, bool group)
{
	char *rest = list;

	for (const char *item = strsep(&rest, ","); item; item = strsep(&rest, ",")) {
		const struct group *g = group ? getgrnam(item) : NULL;
		size_t n = 0;

		if (strpbrk(item, "*?!"))
			continue;
		if (!group)
			crl_ignore(look_at_user(all, item) == 0);
		while (g && g->gr_mem[n])
			n++;
		for (size_t i = 0; i < n && (g = getgrnam(item)) && g->gr_mem[i]; i++) { /* others ask in between */
			scoped_free char *member = strdup(g->gr_mem[i]);

			crl_ignore(member && look_at_user(all, member) == 0);
		}
	}
}

/* Those whom sshd's configuration names: a directory need not list everybody. */
static void look_at_named(struct chroots *all, const struct ctl_sshd_value *v)
{
	const char *match = v->match;
	char word[64], list[256];

	while (ctl_sshd_next_word(&match, word, sizeof(word))) {
		bool group = strcasecmp(word, "Group") == 0;

		if (strcasecmp(word, "all") == 0 || !ctl_sshd_next_word(&match, list, sizeof(list)))
			continue;
		if (group || strcasecmp(word, "User") == 0)
			look_at_list(all, list, group);
	}
}

static bool is_wired(const struct ctl_pam_view *v)
{
	struct ctl_pam_sessions s = {.len = 0};
	bool found = false;

	if (ctl_pam_view_sessions(v, ctl_service_of_sshd(), &s) < 0)
		return false;
	for (size_t i = 0; i < s.len; i++)
		found = found || s.step[i].line.opens;
	ctl_pam_sessions_done(&s);
	return found;
}

void ctl_check_chroot(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v,
		      const struct crl_config *config)
{
	scoped_free struct chroots *all = calloc(1, sizeof(*all));

	if (!all || !is_wired(v))
		return;
	all->f = f;
	all->c = c;
	all->config = config;
	if (ctl_sshd_config_each(SSHD_CONFIG, "ChrootDirectory", take_value, all) < 0 || all->len == 0)
		return;
	for (size_t i = 0; i < all->len; i++)
		look_at_named(all, &all->value[i]);
	ctl_each_account(look_at_user, all);
}
