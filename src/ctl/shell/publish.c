// SPDX-License-Identifier: Apache-2.0
/* carrelctl shell publish and withdraw. */
#include "ctl/shell/publish.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "base/text.h"
#include "base/words.h"
#include "ctl/command.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/who.h"
#include "ctl/print/out.h"
#include "door/names.h"
#include "policy/file/load.h"

struct publishing {
	const struct ctl *c;
	const char *user;
	bool refused;
};

/* What every login would be refused for is told here. */
static void take_lack(void *arg, const char *key, const char *text, enum crl_need need)
{
	struct publishing *p = arg;

	if (need == CRL_NEED_REQUIRE) {
		p->refused = true;
		(void)ctl_complain(p->c, CTL_NO, "user %s: %s: %s", p->user, key, text);
	} else if (need == CRL_NEED_PREFER) {
		(void)fprintf(stderr, "carrelctl: note: user %s: %s: %s\n", p->user, key, text);
	}
}

static void log_act(const char *what, const char *user, uint32_t uid, const char *policy)
{
	char who[80], name[CRL_VISIBLE_MAX(CRL_USER_MAX)];

	ctl_who_acts(who, sizeof(who));
	crl_log(LOG_NOTICE, "%s policy=%s user=%s uid=%" PRIu32 " by=%s", what, policy,
		crl_visible_field(name, sizeof(name), user), uid, who);
}

static enum ctl_exit publish_one(const struct ctl *c, const struct crl_config *config, const char *user)
{
	struct crl_published *p = calloc(1, sizeof(*p));
	struct publishing how = {.c = c, .user = user};
	struct crl_err err = {0};
	enum ctl_exit status;
	int rc;

	if (!p)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	rc = ctl_shell_work_out(c, config, user, p, &err);
	if (rc == 0)
		ctl_shell_judge(p, take_lack, &how);
	if (rc == 0 && !how.refused && p->kept[0])
		rc = ctl_shell_make_kept(p, &err);
	if (rc == 0 && !how.refused)
		rc = crl_published_write(NULL, p, ctl_shell_is_private(p), &err);
	if (rc == 0 && !how.refused)
		log_act("published", p->user, p->uid, p->room ? p->policy.name : "none");
	status = rc == 0                                        ? (how.refused ? CTL_NO : CTL_YES)
		 : rc == -ENOENT || err.stage == CRL_STAGE_RULE ? ctl_complain(c, CTL_NO, "user %s: %s", user, err.text)
								: ctl_error(c, &err);
	crl_published_done(p);
	free(p);
	return status;
}

/* Who has something already, and those whose login shell it is, as far as the name service lists its users. */
static int find_all(struct crl_words *users, struct crl_err *err)
{
	scoped_free uint32_t *all = NULL;
	const struct passwd *pw;
	size_t len = 0;
	int rc = ctl_shell_all(&all, &len, err);

	for (size_t i = 0; i < len && rc == 0; i++) {
		char name[CRL_USER_MAX];

		if (crl_names_user_name(all[i], name) == 0)
			rc = crl_words_add(users, name);
	}
	setpwent();
	while (rc == 0 && (pw = getpwent()) != NULL) {
		const char *shell = strrchr(pw->pw_shell, '/');

		if (shell && strcmp(shell + 1, CTL_SHELL_NAME) == 0 && pw->pw_uid != 0)
			rc = crl_words_add(users, pw->pw_name);
	}
	endpwent();
	crl_words_sort(users);
	return rc == -ENOMEM ? crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory") : rc;
}

static enum ctl_exit run_publish(const struct ctl *c, int argc, char **argv)
{
	scoped(crl_words) users = {.len = 0};
	struct crl_config *config = NULL;
	enum ctl_exit status = CTL_YES;
	struct crl_err err = {0};

	if (ctl_load_config(c, &config, &err) < 0 || (argc == 0 && find_all(&users, &err) < 0)) {
		crl_config_free(config);
		return ctl_error(c, &err);
	}
	for (int i = 0; i < argc; i++) {
		enum ctl_exit one = publish_one(c, config, argv[i]);

		status = one > status ? one : status;
	}
	for (size_t i = 0; i < users.len; i++) {
		enum ctl_exit one = publish_one(c, config, users.item[i]);

		status = one > status ? one : status;
	}
	crl_config_free(config);
	return status;
}

/* A name, or the number of somebody who is no more. */
static bool find_uid(const char *word, uint32_t *ret)
{
	scoped_free struct crl_login *l = calloc(1, sizeof(*l));

	if (l && crl_names_user(word, l, NULL) == 0) {
		*ret = l->uid;
		return true;
	}
	return crl_published_is_name(word, ret);
}

static enum ctl_exit run_withdraw(const struct ctl *c, int argc, char **argv)
{
	enum ctl_exit status = CTL_YES;

	for (int i = 0; i < argc; i++) {
		struct crl_err err = {0};
		uint32_t uid;
		int rc = find_uid(argv[i], &uid) ? crl_published_remove(NULL, uid, &err) : 0;

		if (rc < 0)
			return ctl_error(c, &err);
		if (rc == 0)
			status = ctl_complain(c, CTL_NO, "nothing is published for %s", argv[i]);
		else
			log_act("withdrawn", argv[i], uid, "-");
	}
	return status;
}

const struct ctl_command ctl_shell_publish = {
	.name = "publish",
	.usage = "[USER...]",
	.summary = "write what these users get, or all who have something or have carrel-shell for a shell",
	.most = CTL_ARGUMENTS_MAX,
	.makes_rooms = true,
	.offer = CTL_OFFER_USER,
	.run = run_publish,
};

const struct ctl_command ctl_shell_withdraw = {
	.name = "withdraw",
	.usage = "USER|UID...",
	.summary = "take it away: carrel-shell refuses these users from then on",
	.least = 1,
	.most = CTL_ARGUMENTS_MAX,
	.makes_rooms = true,
	.offer = CTL_OFFER_USER,
	.run = run_withdraw,
};
