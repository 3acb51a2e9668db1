// SPDX-License-Identifier: Apache-2.0
/* carrelctl check: the whole configuration, and what of this host it depends on. */
#include "ctl/check/check.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "ctl/check/accounts.h"
#include "ctl/check/alone.h"
#include "ctl/check/calls.h"
#include "ctl/check/chroot.h"
#include "ctl/check/doors.h"
#include "ctl/check/errands.h"
#include "ctl/check/findings.h"
#include "ctl/check/forwards.h"
#include "ctl/check/hung.h"
#include "ctl/check/ids.h"
#include "ctl/check/kernel.h"
#include "ctl/check/last.h"
#include "ctl/check/logind.h"
#include "ctl/check/manager.h"
#include "ctl/check/module.h"
#include "ctl/check/network.h"
#include "ctl/check/nsswitch.h"
#include "ctl/check/others.h"
#include "ctl/check/pam.h"
#include "ctl/check/policies.h"
#include "ctl/check/power.h"
#include "ctl/check/records.h"
#include "ctl/check/rehearse.h"
#include "ctl/check/rules.h"
#include "ctl/check/sandbox.h"
#include "ctl/check/steward.h"
#include "ctl/check/trial.h"
#include "ctl/check/undo.h"
#include "ctl/command.h"
#include "ctl/commands.h"
#include "ctl/host/pamview.h"
#include "ctl/host/services.h"
#include "ctl/options.h"
#include "door/exempt.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "state/rooms/record.h"

static void check_switch(struct ctl_findings *f, const struct ctl *c)
{
	struct crl_err why = {0};
	char path[PATH_MAX];

	if (crl_exempt_is_off(c->config, path, sizeof(path), &why))
		ctl_find(f, CTL_WARNING, path, 0, "remove the file",
			 "carrel is switched off: nobody who logs in now is isolated");
	else if (why.code)
		ctl_find(f, CTL_WARNING, path, 0, "chown root, chmod 644, or remove the file", "%s", why.text);
}

/* A mode that somebody gave it keeps everybody out, and only the log would say so. */
static void check_state(struct ctl_findings *f, const struct ctl *c)
{
	struct crl_err err = {0};

	if (geteuid() == 0 && crl_state_look(c->state, &err) < 0)
		ctl_find(f, CTL_ERROR, c->state, 0, "chown root, chmod 700", "%s: every login is refused", err.text);
}

/* Else what was not found out would look like what is in order. */
static void check_caller(struct ctl_findings *f)
{
	if (geteuid() != 0)
		ctl_find(f, CTL_WARNING, NULL, 0, "sudo carrelctl check",
			 "not asked by root: no rooms were made to try the rules, and nothing was seen of what "
			 "only root can read (sudoers, crontabs, root's keys)");
}

void ctl_check_config(struct ctl_findings *f, const char *path, struct crl_config **ret)
{
	struct crl_config *config = NULL;
	struct crl_err err = {0};

	if (crl_config_load(path, &config, &err) < 0) {
		ctl_find(f, CTL_ERROR, err.file[0] ? err.file : path, err.line,
			 err.line > 0 ? "mend the line: no login gets in"
				      : "mend the file, or put one there: no login gets in",
			 "%s", err.text);
	} else {
		ctl_check_policies(f, config);
		ctl_check_rules(f, config);
	}
	*ret = config;
}

void ctl_check_for_service(struct ctl_findings *f, const struct ctl *c, const struct ctl_pam_view *v,
			   const struct crl_config *config, const char *service)
{
	ctl_check_kernel(f);
	ctl_check_module(f, c, v);
	ctl_check_manager_unit(f, v, config);
	if (config) {
		ctl_check_accounts(f, v, config);
		ctl_check_sandbox(f, c, v, config, service);
		ctl_check_power(f, c, v, config, service);
		ctl_check_rehearse(f, c, config, service);
		if (!service || strcmp(service, ctl_service_of_sshd()) == 0)
			ctl_check_chroot(f, c, v, config);
	}
}

void ctl_check_all(struct ctl_findings *f, const struct ctl *c)
{
	const struct ctl_pam_view view = {.dir = c->pam_dir};
	struct crl_config *config = NULL;
	char path[PATH_MAX];

	check_caller(f);
	ctl_check_trial(f, c, path);
	ctl_check_config(f, path, &config);
	ctl_check_members(f);
	if (config) {
		ctl_check_nsswitch(f, config);
		ctl_check_logind(f, config);
		ctl_check_records(f, &view, config);
		ctl_check_calls(f, config);
	}
	ctl_check_pam(f, &view, config);
	ctl_check_undo(f, &view, config);
	ctl_check_others(f, &view, config);
	ctl_check_manager(f, &view, config);
	ctl_check_doors(f, &view, config);
	if (config) {
		ctl_check_errands(f, &view, config);
		ctl_check_ids(f, config);
		ctl_check_network(f, c, config);
		ctl_check_forwards(f, c, config);
		ctl_check_last(f, c, config);
		ctl_check_alone(f, c, config);
	}
	check_switch(f, c);
	check_state(f, c);
	ctl_check_steward(f, c);
	ctl_check_for_service(f, c, &view, config, NULL);
	ctl_check_hung(f);
	ctl_findings_acknowledge(f, config, geteuid() == 0 && !c->no_rehearse);
	crl_config_free(config);
}

static enum ctl_exit run_check(const struct ctl *c, int argc, char **argv)
{
	struct ctl_findings f = CTL_FINDINGS_NONE;

	(void)argc, (void)argv;
	ctl_check_all(&f, c);
	ctl_findings_print(c, &f);
	return f.count[CTL_ERROR] > 0 || (c->strict && f.count[CTL_WARNING] > 0) ? CTL_NO : CTL_YES;
}

const struct ctl_command ctl_check_command = {
	.name = "check",
	.usage = "",
	.summary = "lint the configuration, the PAM stacks and this host",
	.options =
		(const struct ctl_option[]){
			{.name = "no-rehearse", .help = "make no room and no session to try it", CTL_FLAG(no_rehearse)},
			CTL_OPTIONS_OF_FINDINGS,
			{.name = "strict",
			 .help = "exit status 1 for warnings as well, not for errors alone",
			 CTL_FLAG(strict)},
			CTL_OPTION_PAM_DIR,
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl check",
			"carrelctl --config /etc/carrel.new/carrel.conf check --strict",
			NULL,
		},
	.json = true,
	.tells_drain = true,
	.run = run_check,
};
