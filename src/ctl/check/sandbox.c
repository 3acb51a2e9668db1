// SPDX-License-Identifier: Apache-2.0
/*
 * What the units of services with carrel's lines take away from them, and so from the rooms that are made in them: of
 * the processes that run, since those are what a login comes by.
 */
#include "ctl/check/sandbox.h"

#include <ctype.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/nskind.h"
#include "base/procstat.h"
#include "base/scope.h"
#include "base/service.h"
#include "ctl/check/findings.h"
#include "ctl/host/manager_unit.h"
#include "ctl/host/pamview.h"
#include "ctl/host/sandboxed.h"
#include "ctl/host/services.h"
#include "ctl/host/unit_option.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"

#define NOFILE_LEAST 64 /* 40 are needed */

/* Whose main process, and whose unit, does not have the service's name. */
static const struct {
	const char *service, *program, *unit;
} programs[] = {
	{"sshd", "sshd", "ssh.service"},
	{"login", "agetty", "getty@.service"},
	{"gdm-password", "gdm3", "gdm.service"},
	{"cockpit", "cockpit-tls", "cockpit.service"},
	{"xrdp-sesman", "xrdp-sesman", "xrdp-sesman.service"},
};

/* What of the policies in use asks for something that a service may lack. */
struct wants {
	bool always, room, net, overlay;
	enum crl_need time, hostname; /* OFF = nobody asks */
};

struct sandbox_look {
	struct ctl_findings *f;
	const struct ctl *c;
	const struct ctl_pam_view *v;
	const struct crl_config *config;
	const char *only;
	struct wants wants;
	/* of the process that is looked at */
	struct ctl_sandboxed s;
	char who[SANDBOXED_UNIT_MAX + 64];
};

static enum crl_need stronger(enum crl_need a, enum crl_need b)
{
	return a < b ? a : b;
}

static void add_wants(struct wants *w, const struct crl_policy *p)
{
	w->always = true;
	w->room |= p->namespaces != 0;
	w->net |= p->namespaces & CRL_NS_BIT(CRL_NS_NET);
	w->overlay |= p->namespaces & CRL_NS_BIT(CRL_NS_MOUNT) && p->home_mode == CRL_HOME_OVERLAY;
	if (p->namespaces & CRL_NS_BIT(CRL_NS_TIME))
		w->time = stronger(w->time, p->need[CRL_FEATURE_TIME]);
	if (p->namespaces & CRL_NS_BIT(CRL_NS_UTS) && p->hostname[0])
		w->hostname = stronger(w->hostname, p->need[CRL_FEATURE_HOSTNAME]);
}

/* @options  one after the other, with blanks between; the first that the unit has is the place */
static CRL_PRINTF(4, 5) void tell(const struct sandbox_look *l, enum ctl_level level, const char *options,
				  const char *fmt, ...)
{
	char text[400], mend[200], option[64] = "";
	struct ctl_unit_option at = {.line = 0};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (const char *p = options; *p && !at.file[0]; p += strcspn(p, " "), p += strspn(p, " ")) {
		size_t len = strcspn(p, " =");

		len = len < sizeof(option) ? len : sizeof(option) - 1;
		memcpy(option, p, len);
		option[len] = '\0';
		(void)ctl_unit_option_find("", l->s.unit, option, &at);
	}
	if (at.file[0])
		(void)snprintf(mend, sizeof(mend), "take %s= out of the unit, and restart it", option);
	else
		(void)snprintf(mend, sizeof(mend), "its unit, or the container it runs in: %.150s", options);
	ctl_find(l->f, level, at.file[0] ? at.file : NULL, at.line, mend, "%s %s", l->who, text);
}

static bool is_wanted(const struct wants *w, enum crl_want want)
{
	return want == CRL_WANT_ALWAYS    ? w->always
	       : want == CRL_WANT_ROOM    ? w->room
	       : want == CRL_WANT_NET     ? w->net
	       : want == CRL_WANT_OVERLAY ? w->overlay
					  : w->time != CRL_NEED_OFF;
}

static void look_at_caps(const struct sandbox_look *l)
{
	for (size_t i = 0; i < crl_wanted_caps_len; i++) {
		const struct crl_wanted_cap *c = &crl_wanted_caps[i];
		bool time = c->want == CRL_WANT_TIME;
		char options[128];

		if (!(l->s.lost >> c->cap & 1) || !is_wanted(&l->wants, c->want))
			continue;
		(void)snprintf(options, sizeof(options), "%s%sCapabilityBoundingSet=", c->options ? c->options : "",
			       c->options ? " " : "");
		if (time && l->wants.time == CRL_NEED_PREFER)
			tell(l, CTL_WARNING, options, "has no %s: rooms have the host's uptime (features.time)",
			     c->name);
		else
			tell(l, CTL_ERROR, options, "has no %s: logins are refused%s", c->name,
			     c->want == CRL_WANT_NET       ? " where the policy has the namespace \"net\""
			     : c->want == CRL_WANT_OVERLAY ? " where home.mode is \"overlay\""
			     : time                        ? " where features.time is \"require\""
							   : "");
	}
}

/* Which of the groups without which there is no room a filter has not, or takes away. Their calls are not looked at. */
static const char *leaves_out(const char *filter)
{
	static const char *const needed[] = {"@mount", "@sandbox"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(needed); i++)
		if ((filter[0] == '~') == (strstr(filter, needed[i]) != NULL))
			return needed[i];
	return NULL;
}

static void look_at_filter(const struct sandbox_look *l)
{
	struct ctl_unit_option at;

	if (!l->s.filter)
		return;
	for (size_t i = 0; i < crl_service_options_len; i++) {
		const struct crl_service_option *o = &crl_service_options[i];
		bool name = strcmp(o->name, "ProtectHostname") == 0;

		if (strcmp(o->name, "ProtectClock") == 0 || (name && l->wants.hostname == CRL_NEED_OFF) ||
		    !ctl_unit_option_find("", l->s.unit, o->name, &at))
			continue; /* the clock is a matter of its capability */
		tell(l, o->refuses || (name && l->wants.hostname == CRL_NEED_REQUIRE) ? CTL_ERROR : CTL_WARNING,
		     o->name, "has %s=%.40s: %s", o->name, at.value,
		     name && l->wants.hostname == CRL_NEED_REQUIRE
			     ? "logins are refused where features.hostname is \"require\""
			     : o->lost);
	}
	if (l->wants.room && ctl_unit_option_find("", l->s.unit, "SystemCallFilter", &at) && leaves_out(at.value))
		tell(l, CTL_ERROR, "SystemCallFilter",
		     "has SystemCallFilter=%.60s, which leaves out %s: logins are refused", at.value,
		     leaves_out(at.value));
	if (ctl_unit_option_find("", l->s.unit, "RestrictAddressFamilies", &at) &&
	    (at.value[0] == '~') == (strstr(at.value, "AF_UNIX") != NULL))
		tell(l, CTL_ERROR, "RestrictAddressFamilies",
		     "has RestrictAddressFamilies=%.60s, without AF_UNIX: logins are refused", at.value);
}

static bool has_systemds_cgroups(const struct sandbox_look *l)
{
	return ctl_manager_is_systemd() && crl_config_cgroup_manager(l->config) != CRL_MANAGER_CGROUPFS;
}

static void look_at_files(const struct sandbox_look *l)
{
	const char *const needed[] = {l->c->config, l->c->helper};

	if (ctl_sandboxed_is_read_only("/proc", l->s.pid, l->c->state))
		tell(l, CTL_ERROR, "ProtectSystem= ReadOnlyPaths= TemporaryFileSystem=",
		     "cannot write to %s: logins that get a room are refused (ReadWritePaths= would do)", l->c->state);
	else if (ctl_sandboxed_sees_other("/proc", l->s.pid, l->c->state))
		tell(l, CTL_WARNING, "TemporaryFileSystem= InaccessiblePaths= RootDirectory=",
		     "has another %s than the host: carrelctl does not see its rooms", l->c->state);
	for (size_t i = 0; i < CRL_ARRAY_LEN(needed); i++)
		if (ctl_sandboxed_sees_other("/proc", l->s.pid, needed[i]))
			tell(l, CTL_ERROR, "InaccessiblePaths= TemporaryFileSystem= RootDirectory= ProtectSystem=",
			     "does not see %s as it is on the host: logins are refused, or follow another", needed[i]);
	if (ctl_sandboxed_is_noexec("/proc", l->s.pid, l->c->helper))
		tell(l, CTL_ERROR, "NoExecPaths=", "cannot run %s: logins are refused", l->c->helper);
	if (ctl_sandboxed_sees_other("/proc", l->s.pid, "/home"))
		tell(l, CTL_WARNING, "ProtectHome= InaccessiblePaths= TemporaryFileSystem=",
		     "does not see the host's /home: whose home is there has none by it, or is refused");
	else if (ctl_sandboxed_is_read_only("/proc", l->s.pid, "/home") && access("/home", W_OK) == 0)
		tell(l, CTL_WARNING, "ProtectHome= ProtectSystem= ReadOnlyPaths=",
		     "has a read-only /home: homes are read-only in rooms, too");
	if (ctl_sandboxed_sees_other("/proc", l->s.pid, "/sys/fs/cgroup"))
		tell(l, CTL_ERROR, "InaccessiblePaths= TemporaryFileSystem= RootDirectory=",
		     "does not see the host's /sys/fs/cgroup: logins are refused");
	else if (!has_systemds_cgroups(l) && access("/sys/fs/cgroup", W_OK) == 0 &&
		 ctl_sandboxed_is_read_only("/proc", l->s.pid, "/sys/fs/cgroup"))
		tell(l, CTL_WARNING, "ProtectControlGroups= ReadOnlyPaths=",
		     "cannot write to /sys/fs/cgroup: no limits (features.limits)");
}

static bool is_of(size_t i, const char *service)
{
	const char *name = programs[i].service;

	return strcmp(strcmp(name, "sshd") == 0 ? ctl_service_of_sshd() : name, service) == 0;
}

static void look_at_process(struct sandbox_look *l, const char *service, pid_t pid)
{
	if (ctl_sandboxed_read("/proc", pid, &l->s) < 0)
		return;
	for (size_t i = 0; i < CRL_ARRAY_LEN(programs) && !l->s.unit[0]; i++)
		if (is_of(i, service))
			(void)snprintf(l->s.unit, sizeof(l->s.unit), "%s", programs[i].unit);
	if (!l->s.unit[0])
		(void)snprintf(l->s.unit, sizeof(l->s.unit), "%.64s.service", service);
	(void)snprintf(l->who, sizeof(l->who), "%.64s (process %d)", service, (int)pid);
	if (l->s.other_users) {
		tell(l, CTL_ERROR, "PrivateUsers= DynamicUser=",
		     "is in a user namespace of its own: logins that get a room are refused");
		return;
	}
	look_at_caps(l);
	look_at_filter(l);
	look_at_files(l);
	if (l->s.nofile < NOFILE_LEAST)
		tell(l, CTL_ERROR, "LimitNOFILE=", "may open %llu files, and a room takes %d: logins are refused",
		     (unsigned long long)l->s.nofile, NOFILE_LEAST);
}

/* The file name of a process's program; "" = gone, or the kernel's. */
static void program_of(pid_t pid, char *ret, size_t size)
{
	char path[64], target[PATH_MAX] = "";
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	target[n > 10 && strcmp(target + n - 10, " (deleted)") == 0 ? n - 10 : n > 0 ? n : 0] = '\0';
	(void)snprintf(ret, size, "%s", n > 0 ? basename(target) : "");
}

/* The service itself, and not what it has forked for a login. */
static bool is_main(pid_t pid, const char *program)
{
	char name[64], parents[64];
	struct stat st;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	program_of(pid, name, sizeof(name));
	if (strcmp(name, program) != 0 || stat(path, &st) < 0 || st.st_uid != 0)
		return false;
	program_of(crl_process_parent(pid), parents, sizeof(parents));
	return strcmp(parents, program) != 0;
}

static void look_at_service(void *arg, const char *service)
{
	const char *program = service;
	struct sandbox_look *l = arg;
	scoped(crl_dir) proc = {0};

	if ((l->only && strcmp(l->only, service) != 0) || !ctl_pam_view_opens(l->v, service))
		return;
	for (size_t i = 0; i < CRL_ARRAY_LEN(programs); i++)
		if (is_of(i, service))
			program = programs[i].program;
	(void)crl_dir_open(AT_FDCWD, "/proc", &proc);
	for (int pid; crl_dir_next_number(&proc, &pid);)
		if (is_main(pid, program))
			look_at_process(l, service, pid);
}

void ctl_check_sandbox(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v,
		       const struct crl_config *config, const char *service)
{
	const struct crl_rules *rules = crl_config_rules(config);
	scoped_free struct sandbox_look *l = calloc(1, sizeof(*l));

	if (!l || geteuid() != 0)
		return;
	*l = (struct sandbox_look){.f = f,
				   .c = c,
				   .v = v,
				   .config = config,
				   .only = service,
				   .wants = {.time = CRL_NEED_OFF, .hostname = CRL_NEED_OFF}};
	for (size_t i = 0; i < rules->len; i++) {
		scoped(crl_policy) p = {0};

		if (crl_config_policy(config, rules->item[i].policy, &p, NULL) == 0)
			add_wants(&l->wants, &p);
	}
	crl_ignore(ctl_pam_view_each(v, look_at_service, l) <
		   0); /* ctl_check_pam() tells of a directory that cannot be read */
}
