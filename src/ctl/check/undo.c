// SPDX-License-Identifier: Apache-2.0
/*
 * Modules beside carrel's that undo at close what they did at open: they close on the host, but in a process that has
 * given up its power for good.
 *
 * Source: what each module does at close, by its manual; pam_carrel(8), MODULES THAT UNDO AT CLOSE.
 */
#include "ctl/check/undo.h"

#include <string.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/host/pamstack.h"
#include "ctl/host/pamview.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"

static const struct undoer {
	const char *module;
	const char *left; /* what stays after the logout */
} undoers[] = {
	{"pam_mount.so", "its volumes stay mounted"},
	{"pam_namespace.so", "its instances are not tidied up"},
	{"pam_ecryptfs.so", "the private directory stays mounted"},
	{"pam_encfs.so", "the private directory stays mounted"},
	{"pam_fscrypt.so", "the directory may stay unlocked"},
	{"pam_zfs_key.so", "the home stays mounted and its key loaded"},
	{"pam_krb5.so", "tickets in the kernel's keyring stay"},
	{"pam_afs_session.so", "tokens stay"},
	{"pam_openafs_session.so", "tokens stay"},
	{"pam_cgfs.so", "its control groups stay"},
	{"pam_script.so", "its script for the close runs without power"},
	{"pam_exec.so", "its program runs at close without power"},
};

static const struct undoer *undoer_of(const struct ctl_pam_line *line)
{
	const char *slash = strrchr(line->module, '/'), *name = slash ? slash + 1 : line->module;
	char type[PAM_WORD_BYTES];

	for (size_t i = 0; i < CRL_ARRAY_LEN(undoers); i++) {
		if (strcmp(undoers[i].module, name) != 0)
			continue;
		if (strcmp(name, "pam_exec.so") == 0 && ctl_pam_line_argument(line, "type", type) &&
		    strcmp(type, "close_session") != 0)
			return NULL; /* it is not asked at close */
		return &undoers[i];
	}
	return NULL;
}

static bool takes_power(const struct crl_config *config, const char *name)
{
	scoped(crl_policy) p = {0};

	if (crl_config_policy(config, name, &p, NULL) < 0)
		return true; /* told of elsewhere */
	return p.no_new_privs || (p.trim_caps && ~p.cap_bounding != 0) ||
	       (p.seccomp.base[0] && p.need[CRL_FEATURE_SECCOMP] != CRL_NEED_OFF);
}

/* Who keeps all power undoes what they like. */
static bool any_takes_power(const struct crl_config *config)
{
	const struct crl_rules *rules = config ? crl_config_rules(config) : NULL;

	for (size_t i = 0; rules && i < rules->len; i++)
		if (takes_power(config, rules->item[i].policy))
			return true;
	return !config;
}

struct undo_look {
	struct ctl_findings *f;
	const struct ctl_pam_view *v;
};

static void check_service(void *arg, const char *service)
{
	const struct undo_look *l = arg;
	struct ctl_pam_sessions s;
	bool opens = false;

	if (ctl_pam_view_sessions(l->v, service, &s) < 0)
		return;
	for (size_t i = 0; i < s.len; i++)
		opens |= s.step[i].line.opens;
	for (size_t i = 0; i < s.len && opens; i++) {
		const struct undoer *u = undoer_of(&s.step[i].line);

		if (u)
			ctl_find(l->f, CTL_WARNING, s.step[i].path, s.step[i].line.number,
				 "end it by another way: pam_carrel(8), MODULES THAT UNDO AT CLOSE",
				 "%s undoes at close, by then without power, what it did at open: %s after a logout",
				 u->module, u->left);
	}
	ctl_pam_sessions_done(&s);
}

void ctl_check_undo(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config)
{
	struct undo_look l = {.f = f, .v = v};

	if (any_takes_power(config))
		crl_ignore(ctl_pam_view_each(v, check_service, &l) <
			   0); /* ctl_check_pam() tells of a directory that cannot be read */
}
