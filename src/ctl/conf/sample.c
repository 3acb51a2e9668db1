// SPDX-License-Identifier: Apache-2.0
/* See sample.h. */
#include "ctl/conf/sample.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/conf/who.h"
#include "ctl/host/answers.h"
#include "wire/login.h"

#define PEOPLE_MAX 4096 /* a directory may list without end */

bool ctl_is_shell(const char *shell)
{
	const char *slash = strrchr(shell, '/'), *name = slash ? slash + 1 : shell;

	return strcmp(name, "nologin") != 0 && strcmp(name, "false") != 0 && strcmp(name, "true") != 0 &&
	       strcmp(name, "sync") != 0;
}

static bool is_account(const struct passwd *pw)
{
	return pw->pw_uid >= CTL_UID_FIRST && pw->pw_uid <= CTL_UID_LAST;
}

static bool is_person(const struct passwd *pw)
{
	struct stat st;

	return is_account(pw) && ctl_is_shell(pw->pw_shell) && ctl_stat(pw->pw_dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == pw->pw_uid;
}

static bool try_one(const struct ctl *c, const char *name, ctl_fits *fits, void *arg, struct crl_login *ret)
{
	return ctl_login_of(c, name, ret, NULL) == 0 && !ctl_is_exempt(c, ret) && fits(arg, ret);
}

/* All names first: what is asked of each must not meet an enumeration that is under way. */
static size_t list_people(char (*name)[CRL_USER_MAX], bool (*is_one)(const struct passwd *pw))
{
	size_t n = 0;

	setpwent();
	for (const struct passwd *pw = getpwent(); pw && n < PEOPLE_MAX; pw = getpwent())
		if (is_one(pw) && strlen(pw->pw_name) < CRL_USER_MAX)
			(void)strcpy(name[n++], pw->pw_name);
	endpwent();
	return n;
}

bool ctl_sample_user(const struct ctl *c, ctl_fits *fits, void *arg, struct crl_login *ret)
{
	scoped_free char(*name)[CRL_USER_MAX] = calloc(PEOPLE_MAX, sizeof(*name));
	const char *caller = getenv("SUDO_USER");
	size_t n;

	if (!name)
		return false;
	if (c->user)
		return try_one(c, c->user, fits, arg, ret);
	if (caller && try_one(c, caller, fits, arg, ret))
		return true;
	n = list_people(name, is_person);
	for (size_t i = 0; i < n; i++)
		if (try_one(c, name[i], fits, arg, ret))
			return true;
	return false;
}

static void each_of(bool (*is_one)(const struct passwd *pw), ctl_account *each, void *arg)
{
	scoped_free char(*name)[CRL_USER_MAX] = calloc(PEOPLE_MAX, sizeof(*name));
	size_t n = name ? list_people(name, is_one) : 0;

	for (size_t i = 0; i < n && each(arg, name[i]); i++)
		;
}

void ctl_each_account(ctl_account *each, void *arg)
{
	each_of(is_account, each, arg);
}

void ctl_each_person(ctl_account *each, void *arg)
{
	each_of(is_person, each, arg);
}
