// SPDX-License-Identifier: Apache-2.0
/*
 * See alone_doors.h. What sshd does itself, what a shell does before it comes to a command that sshd forces on it, and
 * what the user's service manager runs is outside of every room that carrel-shell makes.
 */
#include "ctl/check/alone_doors.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "apply/limits/cgroup.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/check/sshd_of.h"
#include "ctl/command.h"
#include "ctl/conf/who.h"
#include "ctl/host/doors.h"
#include "ctl/host/manager_unit.h"
#include "ctl/host/services.h"
#include "ctl/host/sshdconf.h"
#include "ctl/shell/way.h"
#include "state/published.h"

struct door_question {
	const struct crl_login *login;
	bool found;
};

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Those that read nothing of the user's for a command that they are given. */
static bool reads_nothing(const char *shell)
{
	return strcmp(last_name(shell), "sh") == 0 || strcmp(last_name(shell), "dash") == 0;
}

/* Does a list of patterns take what a program that is not static loads, or reads, before it does anything? */
static bool takes_loaders(const char *list)
{
	static const char *const names[] = {"LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "BASH_ENV"};
	char text[256], *rest = NULL;

	(void)snprintf(text, sizeof(text), "%s", list);
	for (char *word = strtok_r(text, " \t,\"", &rest); word; word = strtok_r(NULL, " \t,\"", &rest))
		for (size_t i = 0; i < CRL_ARRAY_LEN(names); i++)
			if (fnmatch(word, names[i], 0) == 0)
				return true;
	return false;
}

/* Each line adds to those before. */
static bool take_accepted(void *arg, const struct ctl_sshd_value *v)
{
	struct door_question *a = arg;

	if (ctl_sshd_value_applies(v, a->login->user, ctl_sshd_of_group, crl_unconst(a->login)) != SSHD_NO)
		a->found |= takes_loaders(v->text) || takes_loaders(v->rest);
	return a->found;
}

static void hear(void *arg, const char *file, int line, const char *mend, const char *text)
{
	bool *ret = arg;

	(void)file, (void)line, (void)text;
	*ret |= strcmp(mend, CTL_DOOR_NO_READENV) == 0;
}

static bool is_nobody(void *arg, const char *user, uint32_t uid, char ret_home[CRL_HOME_MAX])
{
	(void)arg, (void)user, (void)uid, (void)ret_home;
	return false;
}

/* By what the user can say what is loaded into programs that sshd starts for them; NULL = by nothing. */
static const char *environment_by(const struct ctl *c, const struct crl_login *l)
{
	struct door_question accepted = {.login = l};
	struct ctl_sshd_value v;
	bool readenv = false;
	const struct ctl_doors d = {
		.root = "", .pam_dir = c->pam_dir, .is_isolated = is_nobody, .tell = hear, .arg = &readenv};

	if (ctl_sshd_of(l, "PermitUserEnvironment", &v) && (strcasecmp(v.text, "yes") == 0 || takes_loaders(v.text)))
		return "~/.ssh/environment, by PermitUserEnvironment";
	if (ctl_sshd_config_each(SSHD_CONFIG, "AcceptEnv", take_accepted, &accepted) == 0 && accepted.found)
		return "AcceptEnv";
	if (ctl_sshd_of_is(l, "UsePAM", "yes"))
		ctl_door_pam_stack(&d, ctl_service_of_sshd());
	return readenv ? "~/.pam_environment, by user_readenv=1 of pam_env" : NULL;
}

/* Whatever shell they have: sshd starts these by /bin/sh, with the user's variables. */
static void check_helpers(struct ctl_findings *f, const struct ctl *c, const struct crl_login *l)
{
	bool forwards = ctl_sshd_of_is(l, "X11Forwarding", "yes") && !ctl_sshd_of_is(l, "DisableForwarding", "yes");
	const char *by = environment_by(c, l);

	if (by && (!ctl_sshd_of_is(l, "PermitUserRC", "no") || forwards || access("/etc/ssh/sshrc", F_OK) == 0))
		ctl_find(f, CTL_ERROR, SSHD_CONFIG, 0,
			 "PermitUserRC no, DisableForwarding yes, no /etc/ssh/sshrc; or user_readenv=0, "
			 "PermitUserEnvironment no, AcceptEnv for LANG LC_* alone",
			 "sshd starts /bin/sh for ~/.ssh/rc, sshrc and xauth with variables of user %s (%s): libraries "
			 "that those name are loaded outside of every room",
			 l->user, by);
}

/* How their logins come to carrel-shell. Returns false: not at all. */
static bool check_way(struct ctl_findings *f, const struct ctl *c, const struct crl_login *l, const char *shell)
{
	const char *by = environment_by(c, l);
	struct ctl_sshd_value v;

	if (ctl_shell_is_ours(shell)) {
		if (ctl_sshd_of(l, "ForceCommand", &v) && ctl_shell_is_ours(v.text))
			ctl_find(f, CTL_ERROR, v.file, v.line, "take ForceCommand out, carrelctl disable --shell",
				 "carrel-shell is the shell of user %s and is forced as well: it finds itself in its "
				 "own room and refuses",
				 l->user);
		check_helpers(f, c, l);
		return true;
	}
	if (!ctl_sshd_of(l, "ForceCommand", &v) || !ctl_shell_is_ours(v.text)) {
		ctl_find(f, CTL_ERROR, NULL, 0, "usermod -s to carrel-shell, or a ForceCommand",
			 "a policy is published for user %s, whose logins do not come to carrel-shell: they have no "
			 "room",
			 l->user);
		return false;
	}
	if (!reads_nothing(shell))
		ctl_find(f, CTL_ERROR, v.file, v.line, "usermod -s to carrel-shell",
			 "sshd gives ForceCommand to user %s's shell %s, which may read files of the user's before "
			 "it comes to that, outside of every room (bash: ~/.bashrc; zsh: ~/.zshenv)",
			 l->user, shell);
	else if (by)
		ctl_find(f, CTL_ERROR, v.file, v.line, "usermod -s to carrel-shell",
			 "sshd gives ForceCommand to user %s's shell %s with variables of theirs (%s): libraries that "
			 "those name are loaded before it comes to that, outside of every room",
			 l->user, shell, by);
	if (!ctl_sshd_of_is(l, "PermitUserRC", "no"))
		ctl_find(f, CTL_ERROR, SSHD_CONFIG, 0, "PermitUserRC no",
			 "sshd runs ~/.ssh/rc of user %s by their shell, before what is forced: outside of every room",
			 l->user);
	return true;
}

static void check_forwards(struct ctl_findings *f, const struct crl_login *l)
{
	static const char *const each[] = {"AllowTcpForwarding", "AllowStreamLocalForwarding", "X11Forwarding",
					   "AllowAgentForwarding"};
	bool closed = true;

	for (size_t i = 0; i < CRL_ARRAY_LEN(each); i++)
		closed &= ctl_sshd_of_is(l, each[i], "no");
	if (!closed && !ctl_sshd_of_is(l, "DisableForwarding", "yes"))
		ctl_find(f, CTL_WARNING, SSHD_CONFIG, 0, "DisableForwarding yes",
			 "forwards of user %s (ports, sockets, X11, agent) are sshd's own: they reach all that the "
			 "host does",
			 l->user);
}

/* What sshd runs within itself meets no shell, unless something is forced. */
static void check_sftp(struct ctl_findings *f, const struct crl_login *l)
{
	struct ctl_sshd_value forced, sftp = {.line = 0};

	if (ctl_sshd_of(l, "ForceCommand", &forced)) {
		if (strcmp(forced.text, "internal-sftp") == 0)
			ctl_find(f, CTL_ERROR, forced.file, forced.line, "ForceCommand carrel-shell",
				 "user %s is forced to internal-sftp, which is outside of every room", l->user);
		return;
	}
	if (ctl_sshd_of(l, "Subsystem", &sftp) && strstr(sftp.rest, "internal-sftp"))
		ctl_find(f, CTL_ERROR, sftp.file, sftp.line, "Subsystem sftp /usr/lib/openssh/sftp-server",
			 "internal-sftp starts no shell: all files of the host that user %s may read are shown, none "
			 "is hidden",
			 l->user);
}

/* What a room writes into the real home, it reads and runs. */
static void check_manager(struct ctl_findings *f, const struct crl_login *l)
{
	scoped_fd root = -EBADF;
	char unit[64], slice[96];

	if (!ctl_manager_is_systemd())
		return;
	(void)snprintf(unit, sizeof(unit), "user@%" PRIu32 ".service", l->uid);
	if (ctl_manager_unit_ask(l->uid) != MANAGER_GUARDED)
		ctl_find(f, CTL_ERROR, unit, 0, CTL_MEND_INSTALL "; systemctl daemon-reload; or systemctl mask it",
			 "systemd does not ask carrel before it starts this: what user %s writes into their home in a "
			 "room (units, sockets, settings) is run outside of it at the next login",
			 l->user);
	(void)snprintf(slice, sizeof(slice), "user.slice/user-%" PRIu32 ".slice/%s", l->uid, unit);
	if (crl_cgroup_open_root("", &root, NULL, NULL) == 0 && faccessat(root, slice, F_OK, 0) == 0)
		ctl_find(f, CTL_ERROR, unit, 0, "systemctl stop it: it began before the policy was published",
			 "the service manager of user %s runs outside of rooms, and so does what it finds in their "
			 "home",
			 l->user);
}

void ctl_check_alone_doors(struct ctl_findings *f, const struct ctl *c, const struct crl_published *p)
{
	scoped_free struct crl_login *l = calloc(1, sizeof(*l));
	const struct passwd *pw = getpwnam(p->user);
	char shell[512];

	if (!l || !pw)
		return;
	(void)snprintf(shell, sizeof(shell), "%s", pw->pw_shell && *pw->pw_shell ? pw->pw_shell : "/bin/sh");
	if (ctl_login_of(c, p->user, l, NULL) < 0)
		return;
	if (p->policy.home_mode == CRL_HOME_REAL)
		check_manager(f, l);
	if (!check_way(f, c, l, shell))
		return;
	check_forwards(f, l);
	check_sftp(f, l);
}
