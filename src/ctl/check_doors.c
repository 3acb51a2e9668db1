// SPDX-License-Identifier: Apache-2.0
/* Doors without carrel on this host; see doors.h and findings.h. */
#include "ctl/doors.h"
#include "ctl/findings.h"

#include <string.h>

#include "ctl/outside.h"
#include "door/names.h"

struct judge {
	struct findings *f;
	struct ctl_outside_by by;
};

static void tell(void *arg, const char *file, int line, const char *mend, const char *text)
{
	const struct judge *j = arg;

	find(j->f, WARNING, file, line, mend, "%s", text);
}

/* Who is not there has nothing that runs; whom the name service is silent about may be anybody. */
static bool is_isolated(void *arg, const char *user, uint32_t uid, char ret_home[CRL_HOME_MAX])
{
	const struct judge *j = arg;
	struct ctl_outside answer;
	char name[CRL_USER_MAX];
	struct crl_login *login;
	int r = user ? 0 : crl_names_user_name(uid, name);

	ret_home[0] = '\0';
	if (r < 0)
		return r != -ENOENT;
	if (!user)
		user = name;
	r = ctl_outside_of_user(&j->by, user, &answer, NULL);
	if (r < 0 || answer.may)
		return r < 0 && r != -ENOENT;
	login = calloc(1, sizeof(*login));
	if (login && crl_names_user(user, login, NULL) == 0)
		(void)snprintf(ret_home, CRL_HOME_MAX, "%s", login->home);
	free(login);
	return true;
}

void check_doors(struct findings *f, const struct pam_view *v, const struct crl_config *config)
{
	struct judge j = {.f = f};
	const struct doors d = {.root = "", .pam_dir = v->dir, .is_isolated = is_isolated, .tell = tell, .arg = &j};

	if (!config || !ctl_is_wired(v) || !ctl_isolates_anybody(config))
		return;
	ctl_outside_begin(config, v, &j.by);
	door_pam_services(&d);
	door_pam_modules(&d);
	door_jobs(&d);
	door_mail(&d);
	door_others(&d);
	ctl_outside_done(&j.by);
}
