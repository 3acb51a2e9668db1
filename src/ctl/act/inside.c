// SPDX-License-Identifier: Apache-2.0
/* Who carrelctl sends into a room; see inside.h. */
#include "ctl/act/inside.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "ctl/conf/who.h"
#include "wire/login.h"

int ctl_person_of(const struct ctl *c, const char *user, struct ctl_person *ret, struct crl_err *err)
{
	int rc = ctl_login_of(c, user, &ret->login, err);
	const struct passwd *pw = rc < 0 ? NULL : getpwnam(user);

	if (rc < 0)
		return rc;
	(void)snprintf(ret->shell, sizeof(ret->shell), "%s", pw && pw->pw_shell[0] ? pw->pw_shell : "/bin/sh");
	return crl_login_check(&ret->login, err);
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
