// SPDX-License-Identifier: Apache-2.0
/* How carrelctl becomes a user inside a room; see inside.h. */
#include "ctl/inside.h"

#include <grp.h>
#include <linux/keyctl.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int ctl_person_of(const struct ctl *c, const char *user, struct ctl_person *ret, struct crl_err *err)
{
	int r = ctl_login_of(c, user, &ret->login, err);
	const struct passwd *pw = r < 0 ? NULL : getpwnam(user);

	if (r < 0)
		return r;
	(void)snprintf(ret->shell, sizeof(ret->shell), "%s", pw && pw->pw_shell[0] ? pw->pw_shell : "/bin/sh");
	return crl_login_check(&ret->login, err);
}

void ctl_start_clean(unsigned int from)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setsid(); /* a new process leads no group */
	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)close_range(from, ~0u, 0);
	(void)umask(022);
}

int ctl_leave_keys(void)
{
	/* A kernel without keys has none that could be left. */
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS ? -errno : 0;
}

int ctl_become(const struct crl_login *l)
{
	uid_t r, e, s;

	if (setgroups(l->ngroups, l->groups) < 0 || setresgid(l->gid, l->gid, l->gid) < 0 ||
	    setresuid(l->uid, l->uid, l->uid) < 0)
		return -errno;
	if (getresuid(&r, &e, &s) < 0 || r != l->uid || e != l->uid || s != l->uid || l->uid == 0)
		return -EPERM;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* the change of ids has cleared it */
	return 0;
}

char **ctl_environment(const struct ctl_person *who, const char *term)
{
	static char text[8][CRL_HOME_MAX + 16];
	static char *list[9];
	size_t n = 0;

	(void)snprintf(text[n++], sizeof(text[0]), "HOME=%s", who->login.home);
	(void)snprintf(text[n++], sizeof(text[0]), "USER=%s", who->login.user);
	(void)snprintf(text[n++], sizeof(text[0]), "LOGNAME=%s", who->login.user);
	(void)snprintf(text[n++], sizeof(text[0]), "SHELL=%s", who->shell);
	(void)snprintf(text[n++], sizeof(text[0]), "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games");
	(void)snprintf(text[n++], sizeof(text[0]), "XDG_RUNTIME_DIR=/run/user/%u", who->login.uid);
	if (term)
		(void)snprintf(text[n++], sizeof(text[0]), "TERM=%.64s", term);
	for (size_t i = 0; i < n; i++)
		list[i] = text[i];
	list[n] = NULL;
	return list;
}

void ctl_go_home(const struct crl_login *l)
{
	if (chdir(l->home) < 0 && chdir("/") < 0)
		_exit(111);
}
