// SPDX-License-Identifier: Apache-2.0
/* A user as the name service tells it; what the module does at a login. See who.h. */
#include "ctl/conf/who.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/rule_command.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/host/pamstack.h"
#include "ctl/host/pamview.h"
#include "ctl/host/services.h"
#include "door/exempt.h"
#include "door/names.h"
#include "wire/login.h"

int ctl_login_of(const struct ctl *c, const char *user, struct crl_login *ret, struct crl_err *err)
{
	int rc;

	*ret = (struct crl_login){0};
	rc = crl_names_user(user, ret, err);
	if (rc < 0)
		return rc;
	(void)snprintf(ret->service, sizeof(ret->service), "%s", c->service ? c->service : ctl_service_of_sshd());
	(void)snprintf(ret->rhost, sizeof(ret->rhost), "%s", c->rhost ? c->rhost : "");
	(void)snprintf(ret->tty, sizeof(ret->tty), "%s",
		       c->tty                                             ? c->tty
		       : strcmp(ret->service, ctl_service_of_sshd()) == 0 ? "ssh"
									  : "");
	return crl_names_groups(ret, err);
}

int ctl_group_lookup(void *arg, const char *name, uint32_t *ret_gid)
{
	(void)arg;
	return crl_names_group_id(name, ret_gid);
}

int ctl_command_ask(void *arg, const char *text, struct crl_err *err)
{
	struct ctl_command_asked *a = arg;
	const struct crl_asked_command q = {.text = text, .login = a->login};

	if (geteuid() != 0)
		return crl_err_set(err, EPERM, CRL_STAGE_RULE, "command: only root can ask \"%s\"", text);
	return crl_ask_rule_command(&q, &a->ms, err);
}

int ctl_command_none(void *arg, const char *text, struct crl_err *err)
{
	(void)arg, (void)text, (void)err;
	return 0;
}

void ctl_break_glass_of(const struct ctl *c, const char *service, char *ret)
{
	const struct ctl_pam_view v = {.dir = c->pam_dir};
	struct ctl_pam_sessions s;
	char named[PAM_WORD_BYTES];

	(void)snprintf(ret, CRL_GROUP_MAX, "%s", crl_exempt_group(NULL));
	if (ctl_pam_view_sessions(&v, service, &s) < 0)
		return;
	for (size_t i = 0; i < s.len; i++)
		if (s.step[i].line.opens && ctl_pam_line_argument(&s.step[i].line, "break_glass", named))
			(void)snprintf(ret, CRL_GROUP_MAX, "%s", crl_exempt_group(named));
	ctl_pam_sessions_done(&s);
}

const char *ctl_is_exempt(const struct ctl *c, const struct crl_login *l)
{
	static char text[CRL_GROUP_MAX + 80];
	char group[CRL_GROUP_MAX];

	if (crl_exempt_is_root(l))
		return "uid 0 is exempt: root logs in without a room, which is logged, as an alert when the login "
		       "comes "
		       "from another host.";
	ctl_break_glass_of(c, l->service, group);
	if (crl_exempt_breaks_glass(l, group) <= 0)
		return NULL;
	(void)snprintf(text, sizeof(text), "in group %s: logs in without a room, and an alert is logged.", group);
	return text;
}

void ctl_who_acts(char *buf, size_t size)
{
	FILE *f = fopen("/proc/self/loginuid", "re");
	uint32_t uid = UINT32_MAX;
	const struct passwd *pw;

	if (f) {
		if (fscanf(f, "%" SCNu32, &uid) != 1)
			uid = UINT32_MAX;
		(void)fclose(f);
	}
	if (uid == UINT32_MAX)
		uid = getuid();
	pw = getpwuid(uid);
	if (pw)
		(void)crl_visible_field(buf, size, pw->pw_name);
	else
		(void)snprintf(buf, size, "uid-%" PRIu32, uid);
}

bool ctl_is_in_room(void)
{
	struct stat st;

	return lstat("/run/carrel-room", &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0;
}
