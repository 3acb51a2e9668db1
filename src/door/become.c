// SPDX-License-Identifier: Apache-2.0
/* See become.h. */
#include "door/become.h"

#include <errno.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compat.h"

void crl_become_clean(unsigned int from)
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

int crl_become_keyless(void)
{
	/* A kernel without keys has none that could be left. */
	return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS ? -errno : 0;
}

int crl_become_user(const struct crl_login *l)
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

void crl_become_at_home(const struct crl_login *l)
{
	if (chdir(l->home) < 0 && chdir("/") < 0)
		_exit(111);
}
