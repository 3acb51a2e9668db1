// SPDX-License-Identifier: Apache-2.0
/* Policies that can be evaluated, and yet are not what somebody would want. */
#include "ctl/check/policies.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apply/mounts/host_sockets.h"
#include "base/err.h"
#include "base/nskind.h"
#include "base/path.h"
#include "base/scope.h"
#include "ctl/check/caps.h"
#include "ctl/check/devices.h"
#include "ctl/check/findings.h"
#include "ctl/command.h"
#include "ctl/conf/lacks.h"
#include "ctl/conf/lacks_plan.h"
#include "ctl/conf/sample.h"
#include "ctl/conf/who.h"
#include "ctl/host/pamview.h"
#include "door/names.h"
#include "plan/filter/nest.h"
#include "plan/filter/set.h"
#include "plan/mounts/plan.h"
#include "policy/errands.h"
#include "policy/file/load.h"
#include "policy/filter/sysgroups.h"
#include "policy/keys/weaker.h"
#include "policy/policy.h"
#include "policy/rules/condition.h"
#include "policy/rules/match.h"
#include "policy/template.h"
#include "wire/login.h"
#include "wire/proto.h"

#define ITEMS_MAX 192

/* The place of each value, by key. */
struct policy_places {
	struct crl_explained item[ITEMS_MAX];
	char file[ITEMS_MAX][256];
	size_t len;
};

static void add_place(void *arg, const struct crl_explained *v)
{
	struct policy_places *p = arg;

	if (p->len == ITEMS_MAX)
		return;
	p->item[p->len] = *v; /* path stays valid, being the key table's; value does not */
	(void)snprintf(p->file[p->len], sizeof(p->file[0]), "%s", v->file ? v->file : "");
	p->len++;
}

static const char *place_of(const struct policy_places *p, const char *path, int *ret_line)
{
	for (size_t i = 0; i < p->len; i++) {
		if (strcmp(p->item[i].path, path) == 0) {
			*ret_line = p->item[i].line;
			return p->file[i];
		}
	}
	*ret_line = 0;
	return "";
}

struct one {
	struct ctl_findings *f;
	const char *shipped; /* directory of what carrel brings along: its authors have thought about it */
	const struct crl_policy *p;
	const struct crl_policy *parent; /* NULL = none */
	struct policy_places places;
	const struct crl_config *config;
};

static void say_at(struct one *o, enum ctl_level level, const char *path, const char *mend, const char *text)
{
	int line;
	const char *file = place_of(&o->places, path, &line);

	ctl_find(o->f, level, file, line, mend, "policy %s: %s %s", o->p->name, path, text);
}

/* A key that nobody has set has no line; the one that asks for it has. */
static void say_lack_at(struct one *o, enum ctl_level level, const struct ctl_lack *lack, const char *text)
{
	int line;
	const char *file = place_of(&o->places, lack->key, &line);

	if (!file[0] && lack->asker)
		file = place_of(&o->places, lack->asker, &line);
	ctl_find(o->f, level, file, line, lack->mend, "policy %s: %s %s", o->p->name, lack->key, text);
}

static void say(struct one *o, const char *path, const char *mend, const char *text)
{
	say_at(o, CTL_WARNING, path, mend, text);
}

/* Sockets of services that start what they are told to, as root or outside of every room. */
static void check_sockets(struct one *o)
{
	static const char *const mighty[] = {
		"/run/docker.sock", "/run/containerd",      "/run/podman", "/run/libvirt",      "/run/lxd",
		"/run/incus",       "/run/systemd/private", "/run/dbus",   "/run/snapd.socket", "/run/crio",
		"/run/cups"};
	const struct crl_strv *run = &o->p->run;
	char text[200];

	for (size_t i = 0; i < run->len; i++) {
		for (size_t k = 0; k < CRL_ARRAY_LEN(mighty); k++) {
			size_t len = strlen(mighty[k]);

			if (strncmp(run->item[i], mighty[k], len) != 0 ||
			    (run->item[i][len] && run->item[i][len] != '/'))
				continue;
			(void)snprintf(text, sizeof(text),
				       "shows %.100s: what listens there acts for the user outside of the room",
				       run->item[i]);
			say(o, "root.run", "take it out, unless that is meant", text);
		}
	}
}

static bool file_has_word(const char *path, const char *word)
{
	scoped_free char *line = NULL;
	size_t size = 0, len = strlen(word);
	FILE *f = fopen(path, "re");
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0) {
		line[strcspn(line, "#")] = '\0';
		for (const char *p = line; !found && (p = strstr(p, word)); p += len)
			found = (p == line || strchr(" \t", p[-1])) && strchr(" \t\r\n", p[len]);
	}
	if (f)
		(void)fclose(f);
	return found;
}

/* A room without network asks nobody: a name that is in no file is waited for by sudo, X and mail programs. */
static void check_own_name(struct one *o)
{
	char name[256] = "", text[400];

	if (o->p->net_mode != CRL_NET_NONE || o->p->hostname[0] || gethostname(name, sizeof(name) - 1) < 0 || !name[0])
		return;
	if (file_has_word("/etc/hosts", name) || file_has_word("/etc/nsswitch.conf", "myhostname"))
		return;
	(void)snprintf(text, sizeof(text),
		       "is \"\", and this host's name %s is not in /etc/hosts: without network nothing finds it", name);
	say(o, "hostname", "put the name into /etc/hosts, or set hostname: that one carrel makes known in the room",
	    text);
}

/* A policy that is being tried: meant for some days and a named group. */
static void check_mode(struct one *o)
{
	if (o->p->seccomp.mode == CRL_FILTER_LOG && o->p->seccomp.base[0])
		say(o, "seccomp.mode", "seccomp.mode = \"enforce\", when what would be refused has been seen",
		    "is \"log\": what the filter would refuse is allowed and only told, so it holds nothing");
}

/* What listens on this host, and the policy shows by a place that is there for files. */
static void check_offers(struct one *o)
{
	scoped(crl_host) host = {0};
	const struct crl_policy *p = o->p;
	char text[300];

	if (!(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) || crl_find_host_sockets(&host, NULL) < 0)
		return;
	for (size_t i = 0; i < host.sockets_len; i++) {
		const char *path = host.sockets[i];
		const char *key = NULL;
		struct stat st;

		for (size_t k = 0; k < p->writable.len; k++)
			if (crl_path_is_within(path, p->writable.item[k]))
				key = "root.writable_paths";
		for (size_t k = 0; k < p->bind_len; k++)
			if (crl_path_is_within(path, p->bind[k].source))
				key = "root.bind";
		if (!key || stat(path, &st) < 0 || !S_ISSOCK(st.st_mode) || !(st.st_mode & 022))
			continue;
		(void)snprintf(text, sizeof(text), "shows %.200s: what listens there can be reached from the room",
			       path);
		say(o, key, "nothing, if that is meant", text);
	}
}

/* What the room's /proc covers is not covered in one that users mount themselves. */
static void check_nest(struct one *o, const struct crl_config *config)
{
	const struct crl_seccomp *s = &o->p->seccomp;
	bool filter = s->base[0] && o->p->need[CRL_FEATURE_SECCOMP] != CRL_NEED_OFF;
	scoped_free struct crl_callset *set = malloc(sizeof(*set));
	scoped(crl_sysgroups) groups = {0};
	char path[PATH_MAX];

	if (!o->p->nested_proc || !(o->p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) || (filter && !crl_filter_may_nest(s)))
		return;
	(void)snprintf(path, sizeof(path), "%s/syscalls.conf", crl_config_data_dir(config));
	if (filter && (!set || crl_sysgroups_load(path, &groups, NULL) < 0 ||
		       crl_callset_build(s, &groups, set, NULL) < 0 || !crl_callset_lets_nest(set)))
		return;
	say(o, filter ? "seccomp.allow" : "seccomp.base",
	    "root.nested_proc = false, unless a /proc of one's own (bubblewrap, podman) is meant",
	    filter ? "lets a user make namespaces and mount there: a /proc of their own shows what the room's covers"
		   : "is \"\": a user may make namespaces and mount there, and a /proc of their own shows what the "
		     "room's covers");
}

static void check_errands_effect(struct one *o)
{
	int line;
	const char *file = place_of(&o->places, "errands", &line);

	if (o->p->errands.len > 0 && !crl_policy_has_errands(o->p) &&
	    strncmp(file, o->shipped, strlen(o->shipped)) != 0)
		say(o, "errands", "errands = [ ]",
		    "has no effect without the host's root and the namespaces \"mount\" and \"pid\"");
}

static void say_caps(void *arg, enum ctl_level level, const char *key, const char *mend, const char *text)
{
	say_at(arg, level, key, mend, text);
}

static void check_alone(struct one *o)
{
	const struct crl_policy *p = o->p;

	ctl_check_caps(p, say_caps, o);
	ctl_check_devices(p, say_caps, o);
	if (!(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) && p->no_new_privs)
		say(o, "namespaces", "add \"mount\"", "has no \"mount\": the whole host is seen");
	check_errands_effect(o);
	check_sockets(o);
	check_own_name(o);
	check_mode(o);
	check_offers(o);
}

static void check_parent(struct one *o)
{
	const char *path;
	char text[160];

	(void)snprintf(text, sizeof(text), "is weaker than in policy %.*s, which it inherits from",
		       CRL_POLICY_NAME_MAX - 1, o->parent->name);
	for (size_t i = 0; (path = crl_policy_weaker(o->p, o->parent, &i));) {
		int line;
		const char *file = place_of(&o->places, path, &line);

		if (strncmp(file, o->shipped, strlen(o->shipped)) != 0)
			say_at(o, CTL_NOTE, path, "nothing, if that is meant", text);
	}
}

static void say_lack(void *arg, const struct ctl_lack *lack)
{
	struct one *o = arg;
	struct crl_item_place at;
	enum ctl_level level = lack->need == CRL_NEED_REQUIRE ? CTL_ERROR : CTL_WARNING;
	char text[800];

	(void)snprintf(text, sizeof(text), "%s: %s", lack->text, ctl_lack_outcome(lack->need));
	if (lack->item && crl_config_find_item(o->config, o->p->name, lack->key, lack->item, &at))
		ctl_find(o->f, level, at.file, at.line, lack->mend, "policy %s: %s %s", o->p->name, lack->key, text);
	else
		say_lack_at(o, level, lack, text);
}

/* A policy that is not there at all is the rule's mistake. */
static void say_error(struct ctl_findings *f, const struct crl_config *config, const char *name,
		      const struct crl_err *err)
{
	const struct crl_rules *rules = crl_config_rules(config);
	const char *mend = "mend the line: no login that comes to it gets in";

	if (err->file[0])
		ctl_find(f, CTL_ERROR, err->file, err->line, mend, "%s", err->text);
	for (size_t i = 0; !err->file[0] && i < rules->len; i++)
		if (strcmp(rules->item[i].policy, name) == 0)
			ctl_find(f, CTL_ERROR, rules->item[i].file, rules->item[i].line, mend, "rules.policy: %s",
				 err->text);
}

static bool is_anybody(void *arg, const struct crl_login *l)
{
	(void)arg, (void)l;
	return true;
}

/* Of a hundred users without their directory three are named, and the others counted. */
#define USERS_NAMED 3

struct users {
	struct one *o;
	const struct crl_config *config;
	const struct crl_rule *rule;
	const char *service;
	char key[64]; /* of what was last told, for that count */
	char mend[128];
	size_t met; /* who come to the policy */
	size_t lacking;
	bool lacks;
};

static void say_lack_of_user(void *arg, const struct ctl_lack *lack)
{
	struct users *u = arg;

	u->lacks = true;
	(void)snprintf(u->key, sizeof(u->key), "%s", lack->key); /* the caller's may be gone by then */
	(void)snprintf(u->mend, sizeof(u->mend), "%s", lack->mend);
	if (u->lacking < USERS_NAMED)
		say_lack(u->o, lack);
}

/* The plan of one login: what it names that is not there. */
static void plan_for(struct users *u, const struct crl_login *l)
{
	scoped(crl_policy) p = {0};
	char host[CRL_FACT_MAX] = "", group[CRL_GROUP_MAX] = "";
	const struct crl_facts facts = {.login = l, .host = host, .group = group};

	crl_ignore(gethostname(host, sizeof(host) - 1) < 0); /* an empty name is refused where it is used */
	if (crl_names_group_name(l->gid, group) < 0)
		return;
	u->lacks = false;
	if (crl_config_policy(u->config, u->o->p->name, &p, NULL) == 0 && crl_expand_policy(&p, &facts, NULL) == 0)
		ctl_find_plan_lacks(&(struct ctl_planned){.policy = &p, .original = u->o->p, .login = l},
				    say_lack_of_user, u);
	u->lacking += u->lacks;
}

static bool plan_if_his(void *arg, const char *name)
{
	scoped_free struct crl_login *l = malloc(sizeof(*l));
	struct users *u = arg;
	const struct ctl c = {.pam_dir = PAM_DIR, .service = u->service};
	const struct crl_match m = {.login = l, .now = time(NULL), .lookup = ctl_group_lookup, .ask = ctl_command_none};
	const struct crl_rule *rule = NULL;

	if (!l)
		return false;
	if (ctl_login_of(&c, name, l, NULL) < 0 || ctl_is_exempt(&c, l) ||
	    crl_rules_match(crl_config_rules(u->config), &m, &rule, NULL) < 0 || rule != u->rule)
		return true;
	u->met++;
	plan_for(u, l);
	return true;
}

/* A host name makes no difference to the mounts. */
static bool is_by_user(const struct crl_policy *p)
{
	struct crl_policy paths = *p; /* looked at only: what it points to stays @p's */

	paths.hostname[0] = '\0';
	return crl_policy_uses(&paths, 'u') || crl_policy_uses(&paths, 'U') || crl_policy_uses(&paths, 'g');
}

/* Those whom the rules give the policy, each with paths of their own. */
static void plan_for_his_users(struct users *u)
{
	const struct crl_rules *rules = crl_config_rules(u->config);

	for (size_t i = 0; i < rules->len; i++) {
		const struct crl_strv *services = &rules->item[i].is[CRL_COND_SERVICE];

		if (strcmp(rules->item[i].policy, u->o->p->name) != 0)
			continue;
		u->rule = &rules->item[i];
		u->service = services->len ? services->item[0] : NULL;
		ctl_each_person(plan_if_his, u);
	}
}

/* The plan of a login of the first person of this host. A host without people has nobody to plan for. */
static void plan_for_somebody(struct users *u)
{
	static struct crl_login person; /* the same for every policy: looking takes long where there are many */
	static bool looked, found;

	if (!looked)
		found = ctl_sample_user(&(struct ctl){.pam_dir = PAM_DIR}, is_anybody, NULL, &person);
	looked = true;
	if (found)
		plan_for(u, &person);
}

static void check_plan(struct one *o, const struct crl_config *config)
{
	struct users u = {.o = o, .config = config};
	char text[100];

	if (is_by_user(o->p))
		plan_for_his_users(&u);
	if (u.met == 0)
		plan_for_somebody(&u);
	if (u.lacking <= USERS_NAMED)
		return;
	(void)snprintf(text, sizeof(text), "refuses %zu more of its %zu users", u.lacking - USERS_NAMED, u.met);
	say_at(o, CTL_ERROR, u.key, u.mend, text);
}

static void check_one(struct one *o, const struct crl_config *config)
{
	scoped(crl_policy) parent = {0};
	char above[CRL_POLICY_NAME_MAX];

	check_alone(o);
	check_nest(o, config);
	ctl_find_lacks(config, o->p, say_lack, o);
	check_plan(o, config);
	if (crl_config_parent(config, o->p->name, above) < 0 || crl_config_policy(config, above, &parent, NULL) < 0)
		return;
	o->parent = &parent;
	check_parent(o);
	o->parent = NULL;
}

static void say_if_required(void *arg, const struct ctl_lack *lack)
{
	if (lack->need == CRL_NEED_REQUIRE)
		say_lack(arg, lack);
}

typedef void look_at_policy(struct one *o, const struct crl_config *config);

static void find_required(struct one *o, const struct crl_config *config)
{
	ctl_find_lacks(config, o->p, say_if_required, o);
}

static void look_at(struct ctl_findings *f, const struct crl_config *config, const char *name, look_at_policy *look)
{
	scoped(crl_policy) p = {0};
	scoped_free struct one *o = calloc(1, sizeof(*o));
	struct crl_explain_to to = {.each = add_place};
	struct crl_err err = {0};

	if (!o)
		return;
	to.arg = &o->places;
	o->f = f;
	o->p = &p;
	o->config = config;
	o->shipped = crl_config_data_dir(config);
	if (crl_config_policy(config, name, &p, &err) < 0 || crl_config_explain(config, name, &to, &err) < 0)
		say_error(f, config, name, &err);
	else
		look(o, config);
}

void ctl_check_policies(struct ctl_findings *f, const struct crl_config *config)
{
	const char *name;

	for (size_t i = 0; (name = crl_config_policy_name(config, i)); i++)
		look_at(f, config, name, check_one);
}

static bool is_given(const struct crl_rules *rules, const char *policy, const char *service)
{
	for (size_t i = 0; i < rules->len; i++) {
		const struct crl_strv *services = &rules->item[i].is[CRL_COND_SERVICE];

		if (strcmp(rules->item[i].policy, policy) == 0 &&
		    (services->len == 0 || crl_strv_has(services, service)))
			return true;
	}
	return false;
}

void ctl_check_required(struct ctl_findings *f, const struct crl_config *config, const char *service)
{
	const char *name;

	for (size_t i = 0; (name = crl_config_policy_name(config, i)); i++)
		if (is_given(crl_config_rules(config), name, service))
			look_at(f, config, name, find_required);
}
