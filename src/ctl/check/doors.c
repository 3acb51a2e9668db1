// SPDX-License-Identifier: Apache-2.0
/* Doors without carrel on this host; see doors.h and findings.h. */
#include "ctl/check/doors.h"

#include <stdio.h>
#include <string.h>

#include "ctl/check/findings.h"
#include "ctl/conf/outside.h"
#include "ctl/host/doors.h"
#include "ctl/host/pamview.h"
#include "door/names.h"
#include "wire/login.h"

struct judge {
	struct ctl_findings *f;
	struct ctl_outside_by by;
};

static void tell(void *arg, const char *file, int line, const char *mend, const char *text)
{
	const struct judge *j = arg;

	ctl_find(j->f, CTL_WARNING, file, line, mend, "%s", text);
}

/* Who is not there has nothing that runs; whom the name service is silent about may be anybody. */
static bool is_isolated(void *arg, const char *user, uint32_t uid, char ret_home[CRL_HOME_MAX])
{
	const struct judge *j = arg;
	struct ctl_outside answer;
	char name[CRL_USER_MAX];
	struct crl_login *login;
	int rc = user ? 0 : crl_names_user_name(uid, name);

	ret_home[0] = '\0';
	if (rc < 0)
		return rc != -ENOENT;
	if (!user)
		user = name;
	rc = ctl_outside_of_user(&j->by, user, &answer, NULL);
	if (rc < 0 || answer.may)
		return rc < 0 && rc != -ENOENT;
	login = calloc(1, sizeof(*login));
	if (login && crl_names_user(user, login, NULL) == 0)
		(void)snprintf(ret_home, CRL_HOME_MAX, "%s", login->home);
	free(login);
	return true;
}

void ctl_check_doors(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config)
{
	struct judge j = {.f = f};
	const struct ctl_doors d = {.root = "", .pam_dir = v->dir, .is_isolated = is_isolated, .tell = tell, .arg = &j};

	if (!config || !ctl_is_wired(v) || !ctl_isolates_anybody(config))
		return;
	ctl_outside_begin(config, v, &j.by);
	ctl_door_pam_services(&d);
	ctl_door_pam_modules(&d);
	ctl_door_jobs(&d);
	ctl_door_mail(&d);
	ctl_door_servers(&d);
	ctl_door_others(&d);
	ctl_outside_done(&j.by);
}
