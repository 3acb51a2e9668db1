// SPDX-License-Identifier: Apache-2.0
/*
 * See others.h. What goes on to hold beside carrel is a note, with the key that says the same; what carrel breaks, or
 * what takes a policy's limit back, a warning.
 *
 * Source: limits.conf(5), namespace.conf(5), pam_limits(8), pam_namespace(8).
 */
#include "ctl/check/others.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/check/others_slice.h"
#include "ctl/host/lines.h"
#include "ctl/host/pamview.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"

#define SECURITY "/etc/security"
#define PASSWD "/etc/passwd"

/* Of limits.conf; what is not here has no key that says the same. */
static const struct {
	const char *item;
	const char *mend;
} items[] = {
	{"nproc", "limits.tasks counts processes and threads of all rooms of a user; the lower of both holds"},
	{"as", "limits.memory is of all processes of a user, this of each one"},
	{"data", "limits.memory is of all processes of a user, this of each one"},
	{"rss", "limits.memory: the kernel does not look at rss"},
	{"cpu", "limits.cpu is a share at any time, this a time for each process"},
	{"maxlogins", "limits.rooms, with share = \"login\""},
	{"priority", "limits.cpu_weight"},
	{"nice", "limits.cpu_weight"},
	{"fsize", "tmp.size, home.size are of all files, this of each one"},
	{"nonewprivs", "no_new_privs"},
};

/* Programs that make a place of their own for who logs in, with the power of a set-user-ID bit. */
static const char *const shells[] = {"jk_chrootsh", "jk_lsh", "firejail", "jk_uchroot"};

struct others_look {
	struct ctl_findings *f;
	const struct ctl_pam_view *v;
	bool isolates; /* some rule's policy has mounts of its own */
	bool strips; /* some rule's policy takes set-user-ID programs their power */
	bool none_wired;
};

static bool is_named(const struct ctl_pam_line *line, const char *module)
{
	const char *slash = strrchr(line->module, '/');

	return strcmp(slash ? slash + 1 : line->module, module) == 0;
}

static void tell_limit(void *arg, const struct ctl_line *line)
{
	const struct others_look *l = arg;

	if (line->words < 4 || strcmp(line->word[0], "root") == 0)
		return;
	for (size_t i = 0; i < CRL_ARRAY_LEN(items); i++)
		if (strcmp(items[i].item, line->word[2]) == 0)
			ctl_find(l->f, CTL_NOTE, line->path, line->number, items[i].mend,
				 "%s of %s is %s by pam_limits, which goes on in rooms", line->word[2], line->word[0],
				 line->word[3]);
}

static bool is_rooms_own(const char *dir)
{
	return strcmp(dir, "/tmp") == 0 || strcmp(dir, "/var/tmp") == 0 || strcmp(dir, "/dev/shm") == 0;
}

/* A room is made from what pam_namespace has mounted: with the home that it gave, and all else read-only. */
static void tell_polydir(void *arg, const struct ctl_line *line)
{
	const struct others_look *l = arg;
	const char *dir = line->word[0];

	if (line->words < 3)
		return;
	if (is_rooms_own(dir))
		ctl_find(l->f, CTL_NOTE, line->path, line->number, "take the line out; tmp.size says how large it is",
			 "pam_namespace makes an instance of %s that no room shows: each has its own", dir);
	else if (strncmp(dir, "$HOME", 5) == 0)
		ctl_find(l->f, CTL_NOTE, line->path, line->number,
			 "home.mode = \"overlay\" or \"tmpfs\" in the policy, and take the line out",
			 "pam_namespace gives logins with rooms another home (%s), and rooms take it for the real one",
			 line->word[2]);
	else
		ctl_find(l->f, CTL_WARNING, line->path, line->number,
			 "root.writable_paths with it; or root.bind, and take the line out",
			 "pam_namespace makes an instance of %s (%s), which a room shows read-only unless its "
			 "policy has it writable",
			 dir, line->word[2]);
}

/* What one line of a stack brings with it. */
static void look_at_line(const struct others_look *l, const struct ctl_pam_line *line)
{
	char path[PAM_WORD_BYTES];

	if (is_named(line, "pam_limits.so") && ctl_pam_line_argument(line, "conf", path)) {
		ctl_lines_of_file(path, tell_limit, crl_unconst(l));
	} else if (is_named(line, "pam_limits.so")) {
		ctl_lines_of_file(SECURITY "/limits.conf", tell_limit, crl_unconst(l));
		ctl_lines_of_dir(SECURITY "/limits.d", tell_limit, crl_unconst(l));
	} else if (is_named(line, "pam_namespace.so") && l->isolates) {
		ctl_lines_of_file(SECURITY "/namespace.conf", tell_polydir, crl_unconst(l));
		ctl_lines_of_dir(SECURITY "/namespace.d", tell_polydir, crl_unconst(l));
	}
}

static void look_at_service(void *arg, const char *service)
{
	const struct others_look *l = arg;
	struct ctl_pam_sessions s;
	bool opens = l->none_wired && strcmp(service, "sshd") == 0;

	if (ctl_pam_view_sessions(l->v, service, &s) < 0)
		return;
	for (size_t i = 0; i < s.len; i++)
		opens |= s.step[i].line.opens;
	for (size_t i = 0; i < s.len && opens; i++)
		look_at_line(l, &s.step[i].line);
	ctl_pam_sessions_done(&s);
}

/* A line of passwd(5): the shell is behind the last colon. */
static void tell_shell(void *arg, const struct ctl_line *line)
{
	const struct others_look *l = arg;
	const char *colon = strrchr(line->text, ':'), *slash = colon ? strrchr(colon, '/') : NULL;

	for (size_t i = 0; slash && i < CRL_ARRAY_LEN(shells); i++)
		if (strcmp(slash + 1, shells[i]) == 0)
			ctl_find(l->f, CTL_WARNING, line->path, line->number,
				 "usermod -s /bin/bash, and a policy that says what the sandbox said",
				 "the login shell of %.*s is %s, which needs the power of a set-user-ID program that "
				 "rooms do not give",
				 (int)strcspn(line->text, ":"), line->text, colon + 1);
}

static void read_policies(struct others_look *l, const struct crl_config *config)
{
	const struct crl_rules *rules = config ? crl_config_rules(config) : NULL;

	for (size_t i = 0; rules && i < rules->len; i++) {
		scoped(crl_policy) p = {0};

		if (crl_config_policy(config, rules->item[i].policy, &p, NULL) < 0)
			continue;
		l->isolates |= (p.namespaces & CRL_NS_BIT(CRL_NS_MOUNT)) != 0;
		l->strips |= p.no_new_privs;
	}
}

void ctl_check_others(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config)
{
	struct others_look l = {.f = f, .v = v, .none_wired = f->wired == 0};

	read_policies(&l, config);
	crl_ignore(ctl_pam_view_each(v, look_at_service, &l) < 0); /* ctl_check_pam() tells of it */
	if (l.strips)
		ctl_lines_of_file(PASSWD, tell_shell, &l);
	if (config)
		ctl_check_slices(f, config);
}
