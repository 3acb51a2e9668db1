// SPDX-License-Identifier: Apache-2.0
/* See rootdoor.h. */
#include "ctl/host/rootdoor.h"

#include <limits.h>
#include <pwd.h>
#include <shadow.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/scope.h"
#include "ctl/host/services.h"
#include "ctl/host/sshdconf.h"

static bool has_password(void)
{
	const struct spwd *sp = getspnam("root");
	const struct passwd *pw = sp ? NULL : getpwnam("root");
	const char *hash = sp ? sp->sp_pwdp : pw ? pw->pw_passwd : "";

	return hash[0] == '$' || hash[0] == '_' || (strlen(hash) == 13 && !strpbrk(hash, "!*"));
}

static bool says(const char *keyword, const char *value, bool by_default)
{
	struct ctl_sshd_value v;

	if (ctl_sshd_config_find(SSHD_CONFIG, keyword, &v) < 0 || !v.text[0])
		return by_default;
	return strcasecmp(v.text, value) == 0;
}

/* Keys that are where sshd looks without being told otherwise, or in the one file that it is told of. */
static bool has_key(void)
{
	static const char *const usual[] = {".ssh/authorized_keys", ".ssh/authorized_keys2"};
	const struct passwd *pw = getpwuid(0);
	struct ctl_sshd_value v = {.line = 0};
	char path[PATH_MAX];
	struct stat st;

	if (!pw || says("PubkeyAuthentication", "no", false))
		return false;
	if (ctl_sshd_config_find(SSHD_CONFIG, "AuthorizedKeysFile", &v) == 0 && v.text[0]) {
		const char *name = strncmp(v.text, "%h/", 3) == 0 ? v.text + 3 : v.text;

		if (strchr(name, '%'))
			return false;
		(void)snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : pw->pw_dir,
			       name[0] == '/' ? "" : "/", name);
		return stat(path, &st) == 0 && st.st_size > 0;
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(usual); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", pw->pw_dir, usual[i]);
		if (stat(path, &st) == 0 && st.st_size > 0)
			return true;
	}
	return false;
}

static enum ctl_root_door by_ssh(char *how, size_t size)
{
	bool yes = says("PermitRootLogin", "yes", false);
	bool keys = yes || says("PermitRootLogin", "prohibit-password", true) ||
		    says("PermitRootLogin", "without-password", false);
	bool passwords =
		!says("PasswordAuthentication", "no", false) || says("KbdInteractiveAuthentication", "yes", false);

	if ((keys && has_key()) || (yes && passwords && has_password()))
		return ROOT_ENTERS;
	(void)snprintf(how, size, "root itself cannot log in: %s%s",
		       !keys ? "PermitRootLogin forbids it"
		       : yes ? "it has neither key nor password"
			     : "it has no key",
		       has_password() ? " (a console would be the only way)" : "");
	return ROOT_STAYS_OUT;
}

enum ctl_root_door ctl_root_door(const char *service, char *ret_how, size_t size)
{
	ret_how[0] = '\0';
	if (strcmp(service, ctl_service_of_sshd()) == 0)
		return by_ssh(ret_how, size);
	if (has_password())
		return ROOT_ENTERS;
	(void)snprintf(ret_how, size, "root itself has no password");
	return ROOT_STAYS_OUT;
}
