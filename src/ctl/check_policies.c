// SPDX-License-Identifier: Apache-2.0
/* Policies that can be evaluated, and yet are not what somebody would want. See findings.h. */
#include "ctl/findings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/auditstate.h"
#include "ctl/lacks.h"
#include "ctl/sample.h"
#include "door/names.h"
#include "plan/mounts.h"
#include "policy/match.h"
#include "policy/weaker.h"

#define ITEMS_MAX 128

/* The place of each value, by key. */
struct places {
	struct crl_explained item[ITEMS_MAX];
	char file[ITEMS_MAX][256];
	size_t len;
};

static void add_place(void *arg, const struct crl_explained *v)
{
	struct places *p = arg;

	if (p->len == ITEMS_MAX)
		return;
	p->item[p->len] = *v; /* path stays valid, being the key table's; value does not */
	(void)snprintf(p->file[p->len], sizeof(p->file[0]), "%s", v->file ? v->file : "");
	p->len++;
}

static const char *place_of(const struct places *p, const char *path, int *ret_line)
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
	struct findings *f;
	const char *shipped; /* directory of what carrel brings along: its authors have thought about it */
	const struct crl_policy *p;
	const struct crl_policy *parent; /* NULL = none */
	struct places places;
};

static void say_at(struct one *o, enum level level, const char *path, const char *mend, const char *text)
{
	int line;
	const char *file = place_of(&o->places, path, &line);

	find(o->f, level, file, line, mend, "policy %s: %s %s", o->p->name, path, text);
}

static void say(struct one *o, const char *path, const char *mend, const char *text)
{
	say_at(o, WARNING, path, mend, text);
}

/* Sockets of services that start what they are told to, as root or outside of every room. */
static void check_sockets(struct one *o)
{
	static const char *const mighty[] = {"/run/docker.sock", "/run/containerd", "/run/podman", "/run/libvirt", "/run/lxd",
					     "/run/incus", "/run/systemd/private", "/run/dbus", "/run/snapd.socket",
					     "/run/crio", "/run/cups"};
	const struct crl_strv *run = &o->p->run;
	char text[200];

	for (size_t i = 0; i < run->len; i++) {
		for (size_t k = 0; k < CRL_ARRAY_LEN(mighty); k++) {
			size_t len = strlen(mighty[k]);

			if (strncmp(run->item[i], mighty[k], len) != 0 || (run->item[i][len] && run->item[i][len] != '/'))
				continue;
			(void)snprintf(text, sizeof(text), "shows %.100s: what listens there acts for the user outside of the room",
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
	say(o, "hostname", "put the name into /etc/hosts, or set hostname: that one carrel makes known in the room", text);
}

/* Each refused call is a record then, and a user makes as many as he likes: the trail of all others goes with them. */
static void check_log(struct one *o)
{
	struct ctl_audit audit;

	if (!o->p->seccomp.log || !o->p->seccomp.base[0] || !ctl_audit_read(&audit) || !ctl_audit_is_unbounded(&audit))
		return;
	say(o, "seccomp.log", "auditctl -a always,exclude -F msgtype=SECCOMP, a rate (auditctl -r), or seccomp.log = false",
	    audit.daemon ? "is true, and the audit daemon takes every record: a user can fill its logs"
			 : "is true, and the journal takes every audit record: a user can fill it");
}

/* What listens on this host, and the policy shows by a place that is there for files. */
static void check_offers(struct one *o)
{
	scoped(crl_host) host = {0};
	scoped_fd fd = open("/proc/net/unix", O_RDONLY | O_CLOEXEC);
	const struct crl_policy *p = o->p;
	char text[300];

	if (fd < 0 || !(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) || crl_host_read_sockets(fd, &host, NULL) < 0)
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
		(void)snprintf(text, sizeof(text), "shows %.200s: what listens there can be reached from the room", path);
		say(o, key, "nothing, if that is meant", text);
	}
}

static void check_alone(struct one *o)
{
	const struct crl_policy *p = o->p;

	if (!p->no_new_privs && p->trim_caps && p->cap_bounding == 0)
		say(o, "no_new_privs", "no_new_privs = true, or capabilities.bounding with what those programs need",
		    "is false with an empty bounding set: set-user-ID programs become root and can then do little");
	if (p->no_new_privs && p->trim_caps && p->cap_bounding != 0)
		say(o, "capabilities.bounding", "no_new_privs = false, or an empty list",
		    "has capabilities that nobody can get while no_new_privs is true");
	if (!(p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) && p->no_new_privs)
		say(o, "namespaces", "add \"mount\"", "has no \"mount\": the whole host is seen");
	if (p->trim_caps && (p->cap_bounding & (UINT64_C(1) << 21)) && !p->no_new_privs)
		say(o, "capabilities.bounding", "take sys_admin out",
		    "has sys_admin: whoever becomes root inside can leave the room");
	check_sockets(o);
	check_own_name(o);
	check_log(o);
	check_offers(o);
}

static void check_parent(struct one *o)
{
	char text[160];

	(void)snprintf(text, sizeof(text), "is weaker than in policy %.*s, which it inherits from",
		       CRL_POLICY_NAME_MAX - 1, o->parent->name);
	for (size_t i = 0; i < crl_weaknesses_len; i++) {
		const struct crl_weakness *w = &crl_weaknesses[i];
		int line;
		const char *file = place_of(&o->places, w->path, &line);

		if (w->is_weaker && w->is_weaker(o->p, o->parent) && strncmp(file, o->shipped, strlen(o->shipped)) != 0)
			say(o, w->path, "nothing, if that is meant", text);
	}
}

static void say_lack(void *arg, const struct ctl_lack *lack)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "%s: %s", lack->text, ctl_lack_outcome(lack->need));
	say_at(arg, lack->need == CRL_NEED_REQUIRE ? ERROR : WARNING, lack->key, lack->mend, text);
}

/* A policy that is not there at all is the rule's mistake. */
static void say_error(struct findings *f, const struct crl_config *config, const char *name, const struct crl_err *err)
{
	const struct crl_rules *rules = crl_config_rules(config);
	const char *mend = "mend the line: no login that comes to it gets in";

	if (err->file[0])
		find(f, ERROR, err->file, err->line, mend, "%s", err->text);
	for (size_t i = 0; !err->file[0] && i < rules->len; i++)
		if (strcmp(rules->item[i].policy, name) == 0)
			find(f, ERROR, rules->item[i].file, rules->item[i].line, mend, "rules.policy: %s", err->text);
}

static bool is_anybody(void *arg, const struct crl_login *l)
{
	(void)arg, (void)l;
	return true;
}

/* The plan of a login of the first person of this host. A host without people has nobody to plan for. */
static void check_plan(struct one *o, const struct crl_config *config)
{
	static struct crl_login person; /* the same for every policy: looking takes long where there are many */
	static bool looked, found;
	scoped(crl_policy) p = {0};
	char host[CRL_FACT_MAX] = "", group[CRL_GROUP_MAX] = "";
	struct crl_facts facts = {.login = &person, .host = host, .group = group};

	if (!looked)
		found = ctl_sample_user(&(struct ctl){.pam_dir = PAM_DIR}, is_anybody, NULL, &person);
	looked = true;
	crl_ignore(gethostname(host, sizeof(host) - 1) < 0); /* an empty name is refused where it is used */
	if (!found || crl_names_group_name(person.gid, group) < 0)
		return;
	if (crl_config_policy(config, o->p->name, &p, NULL) == 0 && crl_policy_expand(&p, &facts, NULL) == 0)
		ctl_find_plan_lacks(&(struct ctl_planned){.policy = &p, .original = o->p, .login = &person}, say_lack, o);
}

static void check_one(struct one *o, const struct crl_config *config)
{
	scoped(crl_policy) parent = {0};
	char above[CRL_POLICY_NAME_MAX];

	check_alone(o);
	ctl_find_lacks(config, o->p, say_lack, o);
	check_plan(o, config);
	if (crl_config_parent(config, o->p->name, above) < 0 || crl_config_policy(config, above, &parent, NULL) < 0)
		return;
	o->parent = &parent;
	check_parent(o);
	o->parent = NULL;
}

void check_policies(struct findings *f, const struct crl_config *config)
{
	const char *name;

	for (size_t i = 0; (name = crl_config_policy_name(config, i)); i++) {
		scoped(crl_policy) p = {0};
		scoped_free struct one *o = calloc(1, sizeof(*o));
		struct crl_err err = {0};

		if (!o)
			return;
		o->f = f;
		o->p = &p;
		o->shipped = crl_config_data_dir(config);
		if (crl_config_policy(config, name, &p, &err) < 0 ||
		    crl_config_explain(config, name, NULL, add_place, &o->places, &err) < 0)
			say_error(f, config, name, &err);
		else
			check_one(o, config);
	}
}
