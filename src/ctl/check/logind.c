// SPDX-License-Identifier: Apache-2.0
/* logind, where it ends what a policy lets go on. */
#include "ctl/check/logind.h"

#include <string.h>

#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/host/ask.h"
#include "ctl/host/manager_unit.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"

#define ANSWER_MS 10000

/* logind itself is asked: its default is the distribution's, and drop-ins count. */
static bool kills_user_processes(void)
{
	static char program[] = "/usr/bin/busctl", call[] = "get-property", name[] = "org.freedesktop.login1",
		    object[] = "/org/freedesktop/login1", interface[] = "org.freedesktop.login1.Manager",
		    property[] = "KillUserProcesses";
	char *const argv[] = {program, call, name, object, interface, property, NULL};
	char text[64];

	return ctl_ask_program(argv, text, sizeof(text), ANSWER_MS) == 0 && strcmp(text, "b true\n") == 0;
}

void ctl_check_logind(struct ctl_findings *f, const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);
	const struct crl_rule *keeps = NULL;

	for (size_t i = 0; i < rules->len && !keeps; i++) {
		scoped(crl_policy) p = {0};

		if (crl_config_policy(config, rules->item[i].policy, &p, NULL) == 0 && p.namespaces &&
		    p.on_close == CRL_CLOSE_KEEP)
			keeps = &rules->item[i];
	}
	if (keeps && ctl_manager_is_systemd() && kills_user_processes())
		ctl_find(f, CTL_WARNING, keeps->file, keeps->line,
			 "KillUserProcesses=no in logind.conf(5), or KillExcludeUsers=",
			 "policy %s has on_close = \"keep\", and logind kills what a login leaves: KillUserProcesses "
			 "is yes",
			 keeps->policy);
}
