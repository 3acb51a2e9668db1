// SPDX-License-Identifier: Apache-2.0
/*
 * See sudo.h.
 *
 * Source: sudoers(5), pam_session, pam_service and pam_login_service; plugins/sudoers/auth/pam.c of sudo. Without
 * pam_session it does all that it does but pam_open_session(); without pam_setcred it opens a session all the same.
 */
#include "ctl/check/sudo.h"

#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/host/pamview.h"
#include "ctl/host/sudoers.h"

#define SUDOERS "/etc/sudoers"

/* What counts for everybody: the last that was said. */
struct sudo_look {
	struct ctl_findings *f;
	const struct ctl_pam_view *v;
	struct sudo_last {
		struct ctl_sudo_default word; /* name "" = nothing was said */
		char file[256];
	} session, service, login_service;
};

static void find_session(const struct sudo_look *l, const struct ctl_sudo_default *word)
{
	ctl_find(l->f, word->some ? CTL_WARNING : CTL_ERROR, word->file, word->line, "take !pam_session out",
		 "sudo opens no PAM session%s by this line: carrel is not asked, and the command runs without a room",
		 word->some ? " for those whom it is about" : "");
}

static void find_service(const struct sudo_look *l, const struct ctl_sudo_default *word)
{
	char mend[128];

	if (!word->value[0] || ctl_pam_view_opens(l->v, word->value))
		return;
	(void)snprintf(mend, sizeof(mend), "carrelctl enable %.60s", word->value);
	ctl_find(l->f, word->some ? CTL_WARNING : CTL_ERROR, word->file, word->line, mend,
		 "sudo asks PAM service %s by this line, in which carrel is not: the command runs without a room",
		 word->value);
}

static void keep(struct sudo_last *last, const struct ctl_sudo_default *word)
{
	last->word = *word;
	(void)snprintf(last->file, sizeof(last->file), "%s", word->file);
	last->word.file = last->file;
}

static void hear(void *arg, const struct ctl_sudo_default *word)
{
	struct sudo_look *l = arg;
	bool is_service = strcmp(word->name, "pam_service") == 0;

	if (strcmp(word->name, "pam_session") == 0) {
		if (!word->some)
			keep(&l->session, word);
		else if (word->off)
			find_session(l, word);
	} else if (is_service || strcmp(word->name, "pam_login_service") == 0) {
		if (word->some)
			find_service(l, word);
		else
			keep(is_service ? &l->service : &l->login_service, word);
	}
}

void ctl_check_sudo(struct ctl_findings *f, const struct ctl_pam_view *v)
{
	struct sudo_look l = {.f = f, .v = v};
	bool plain = ctl_pam_view_opens(v, "sudo"), login = ctl_pam_view_opens(v, "sudo-i");

	if ((!plain && !login) || ctl_sudoers_defaults(SUDOERS, hear, &l) < 0)
		return;
	if (l.session.word.off)
		find_session(&l, &l.session.word);
	if (plain)
		find_service(&l, &l.service.word);
	if (login)
		find_service(&l, &l.login_service.word);
}
