// SPDX-License-Identifier: Apache-2.0
/* See errands.h. */
#include "policy/errands.h"

#include <string.h>

#include "base/parse.h"

#define MINUTE 60

/*
 * What stands here runs outside of the room. Nothing that starts an editor, a pager or a command of the user's by
 * itself may come in with these arguments (plan/errand_args.h); crontab and at leave a job behind, which is why no
 * shipped policy names them.
 */
const struct crl_errand crl_errands[] = {
	{"passwd", "passwd", "/usr/bin/passwd", NULL, CRL_ERRAND_SET_ID, 10 * MINUTE},
	{"chage", "chage", "/usr/bin/chage", NULL, CRL_ERRAND_SET_ID, MINUTE},
	{"sendmail", "sendmail", "/usr/sbin/sendmail", "/usr/lib/sendmail", CRL_ERRAND_MAILER, 30 * MINUTE},
	{"mailq", "sendmail", "/usr/bin/mailq", NULL, CRL_ERRAND_MAILER, MINUTE},
	{"quota", "quota", "/usr/bin/quota", NULL, CRL_ERRAND_PLAIN, MINUTE},
	{"crontab", "crontab", "/usr/bin/crontab", NULL, CRL_ERRAND_SET_ID, 10 * MINUTE},
	{"at", "at", "/usr/bin/at", NULL, CRL_ERRAND_SET_ID, 30 * MINUTE},
	{"atq", "at", "/usr/bin/atq", NULL, CRL_ERRAND_SET_ID, MINUTE},
	{"atrm", "at", "/usr/bin/atrm", NULL, CRL_ERRAND_SET_ID, MINUTE},
};

const size_t crl_errands_len = CRL_ARRAY_LEN(crl_errands);

const struct crl_errand *crl_errand_find(const char *call)
{
	for (size_t i = 0; i < crl_errands_len; i++)
		if (strcmp(crl_errands[i].call, call) == 0)
			return &crl_errands[i];
	return NULL;
}

bool crl_errand_name_is_known(const char *name)
{
	for (size_t i = 0; i < crl_errands_len; i++)
		if (strcmp(crl_errands[i].name, name) == 0)
			return true;
	return false;
}

const char *crl_errand_name_near(const char *name)
{
	size_t best = strlen(name) / 3 + 2;
	const char *near = NULL;

	for (size_t i = 0; i < crl_errands_len; i++) {
		size_t distance = crl_word_distance(name, crl_errands[i].name);

		if (distance < best) {
			best = distance;
			near = crl_errands[i].name;
		}
	}
	/* "mailq", "atrm": what is called is not what it is named by. */
	return !near && crl_errand_find(name) ? crl_errand_find(name)->name : near;
}

bool crl_policy_has_errands(const struct crl_policy *p)
{
	const uint32_t own = CRL_NS_BIT(CRL_NS_MOUNT) | CRL_NS_BIT(CRL_NS_PID);

	return p->errands.len > 0 && p->root_mode != CRL_ROOT_IMAGE && (p->namespaces & own) == own;
}
