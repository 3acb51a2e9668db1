// SPDX-License-Identifier: Apache-2.0
/*
 * Records of logins that a host keeps, and logins in rooms that are not in them. See records.h.
 *
 * What features.accounting keeps true is utmp, wtmp and lastlog. Debian 13 keeps no utmp, and its last(1) reads a
 * database that sshd writes by itself: in the room.
 */
#include "ctl/check/records.h"

#include <paths.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/scope.h"
#include "base/words.h"
#include "ctl/check/findings.h"
#include "ctl/host/pamview.h"
#include "ctl/host/services.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "policy/rules/match.h"

#define WTMPDB "/usr/bin/wtmpdb" /* which is last(1) as well */

/* "require" is an error of the policy's own. */
static const struct crl_rule *prefers_accounting(const struct crl_config *config)
{
	const struct crl_rules *rules = crl_config_rules(config);

	for (size_t i = 0; i < rules->len; i++) {
		scoped(crl_policy) p = {0};

		if (crl_config_policy(config, rules->item[i].policy, &p, NULL) == 0 &&
		    p.need[CRL_FEATURE_ACCOUNTING] == CRL_NEED_PREFER && (p.namespaces & CRL_NS_BIT(CRL_NS_MOUNT)))
			return &rules->item[i];
	}
	return NULL;
}

/* Is the session written into the database by its module, on the host, before carrel opens? */
static bool has_module(const struct ctl_pam_sessions *s, const char *service)
{
	for (size_t i = 0; i < s->len && !s->step[i].line.opens; i++) {
		const struct ctl_pam_line *line = &s->step[i].line;
		const char *slash = strrchr(line->module, '/');
		char skipped[PAM_WORD_BYTES];

		if (strcmp(slash ? slash + 1 : line->module, "pam_wtmpdb.so") == 0 &&
		    !(ctl_pam_line_argument(line, "skip_if", skipped) && crl_word_is_in(skipped, service, ",")))
			return true;
	}
	return false;
}

static void check_database(struct ctl_findings *f, const struct ctl_pam_view *v)
{
	const char *service = ctl_service_of_sshd();
	struct ctl_pam_sessions s;

	if (access(WTMPDB, F_OK) != 0 || ctl_pam_view_sessions(v, service, &s) < 0)
		return;
	for (size_t i = 0; i < s.len; i++) {
		if (!s.step[i].line.opens)
			continue;
		if (!has_module(&s, service))
			ctl_find(f, CTL_NOTE, s.step[i].path, s.step[i].line.number,
				 "session optional pam_wtmpdb.so, without skip_if, before carrel's open",
				 "last(1) of wtmpdb knows no login in a room by %s: sshd writes its database in the "
				 "room",
				 service);
		break;
	}
	ctl_pam_sessions_done(&s);
}

void ctl_check_records(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config)
{
	const struct crl_rule *rule = prefers_accounting(config);

	if (rule && access(_PATH_UTMP, F_OK) != 0)
		ctl_find(f, CTL_NOTE, rule->file, rule->line,
			 "nothing: carrelctl list, top and wall have what these programs have not",
			 "policy %s: this host keeps no " _PATH_UTMP
			 " (features.accounting): who(1) and w(1) know logins in rooms only as far as logind does, "
			 "and wall(1), write(1) and shutdown(8) know no terminal of theirs",
			 rule->policy);
	check_database(f, v);
}
