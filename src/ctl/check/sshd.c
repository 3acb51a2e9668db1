// SPDX-License-Identifier: Apache-2.0
/*
 * Does sshd ask PAM, and by the name of a service that carrel is in? See sshd.h.
 *
 * Source: sshd_config(5). PAMServiceName is known since OpenSSH 9.8, which before took the name of its own program.
 */
#include "ctl/check/sshd.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/host/pamview.h"
#include "ctl/host/services.h"
#include "ctl/host/sshdconf.h"
#include "policy/file/load.h"
#include "policy/rules/condition.h"
#include "policy/rules/match.h"

#define KEYWORD "PAMServiceName"

struct sshd_look {
	struct ctl_findings *f;
	const struct ctl_pam_view *v;
	const char *usual; /* the service of those for whom no Match is */
	bool opens; /* has that one rooms? */
	bool elsewhere; /* has the one that it would be by default? */
};

/* libpam takes "other" where a service has no file. */
static bool opens(const struct ctl_pam_view *v, const char *service)
{
	scoped_free char *text = NULL;

	return ctl_pam_view_opens(v, ctl_pam_view_read(v, service, &text) == 0 ? service : "other");
}

static void tell_usual(const struct sshd_look *l, const struct ctl_sshd_value *v)
{
	char path[PATH_MAX], mend[sizeof(v->text) + 64];

	ctl_pam_view_path(l->v, v->text, path, sizeof(path));
	(void)snprintf(mend, sizeof(mend), "carrelctl enable %s, or take the line out", v->text);
	ctl_find(l->f, CTL_ERROR, v->file, v->line, mend,
		 KEYWORD " %s: sshd asks %s, where carrel is not, and not the service sshd: nobody who comes by ssh is "
			 "isolated",
		 v->text, path);
}

static void tell_match(const struct sshd_look *l, const struct ctl_sshd_value *v)
{
	char path[PATH_MAX], mend[sizeof(v->text) + 64];

	ctl_pam_view_path(l->v, v->text, path, sizeof(path));
	(void)snprintf(mend, sizeof(mend), "carrelctl enable %s, or nothing, if that is meant", v->text);
	ctl_find(l->f, CTL_WARNING, v->file, v->line, mend,
		 KEYWORD " %s: for whom Match %s is, sshd asks %s, where carrel is not: they are not isolated", v->text,
		 v->match, path);
}

static bool look_at_name(void *arg, const struct ctl_sshd_value *v)
{
	const struct sshd_look *l = arg;

	if (!v->match[0] && strcmp(v->text, l->usual) == 0 && !l->opens && l->elsewhere)
		tell_usual(l, v);
	else if (v->match[0] && (l->opens || l->elsewhere) && !opens(l->v, v->text))
		tell_match(l, v);
	return false;
}

static bool has_networks(const struct crl_config *config)
{
	const struct crl_rules *rules = config ? crl_config_rules(config) : NULL;

	for (size_t i = 0; rules && i < rules->len; i++)
		if (rules->item[i].is[CRL_COND_RHOST].len || rules->item[i].is_not[CRL_COND_RHOST].len)
			return true;
	return false;
}

void ctl_check_sshd(struct ctl_findings *f, const struct ctl_pam_view *view, const struct crl_config *config)
{
	struct sshd_look l = {.f = f, .v = view, .usual = ctl_service_of_sshd()};
	struct ctl_sshd_value v;

	l.opens = opens(view, l.usual);
	l.elsewhere = strcmp(l.usual, "sshd") != 0 && opens(view, "sshd");
	if (ctl_sshd_config_each(SSHD_CONFIG, KEYWORD, look_at_name, &l) < 0 || !l.opens ||
	    ctl_sshd_config_find(SSHD_CONFIG, "UsePAM", &v) < 0)
		return;
	if (strcasecmp(v.text, "yes") != 0)
		ctl_find(f, CTL_ERROR, v.text[0] ? v.file : SSHD_CONFIG, v.line, "UsePAM yes",
			 "%s: sshd never asks PAM, and nobody who comes by ssh is isolated",
			 v.text[0] ? "UsePAM is not yes" : "UsePAM is not set, which means no");
	if (has_networks(config) && ctl_sshd_config_find(SSHD_CONFIG, "UseDNS", &v) == 0 &&
	    strcasecmp(v.text, "yes") == 0)
		ctl_find(f, CTL_WARNING, v.file, v.line, "UseDNS no",
			 "sshd tells names instead of addresses, which no network in rhost of a rule matches");
}
