// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl may-have-manager UID: may systemd start this user's service manager?
 *
 * Runs in: the ExecCondition of user@UID.service, by way of carrel-helper, root, host namespaces, no environment.
 * Where carrel isolates nobody (switched off, in no PAM service) everybody may. Otherwise the rules decide; R1: what
 * cannot be known is a no, and R2: is told in time, for logins wait for it. R3: whose shell makes a room with the real
 * home in it may not, wherever carrel is: units and settings that are written there would be run outside.
 */
#include "ctl/commands.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/parse.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/outside.h"
#include "ctl/host/pamview.h"
#include "ctl/print/out.h"
#include "door/exempt.h"
#include "policy/file/load.h"
#include "policy/file/source.h"
#include "state/published.h"

#define PATIENCE_S 10 /* as the helper has by default */

static void on_alarm(int sig)
{
	static const char text[] = "carrelctl may-have-manager: no, since it takes too long to find out\n";

	(void)sig;
	crl_ignore((int)write(STDERR_FILENO, text, sizeof(text) - 1));
	_exit(CTL_FAIL); /* R1; a signal would make the unit fail */
}

static enum ctl_exit say(bool may, uint64_t uid, const char *why)
{
	(void)printf("uid %" PRIu64 " %s have a service manager outside of rooms: %s\n", uid, may ? "may" : "may not",
		     why);
	return may ? CTL_YES : CTL_NO;
}

static bool is_switched_off(const struct ctl *c)
{
	char path[PATH_MAX];

	return crl_exempt_is_off(c->config, path, sizeof(path), NULL);
}

/* R3. What is published and cannot be read is as bad. */
static bool writes_what_it_reads(uint32_t uid)
{
	struct crl_published *p = calloc(1, sizeof(*p));
	int rc = p ? crl_published_read(NULL, uid, p, NULL) : -ENOMEM;
	bool does = rc < 0 ? rc != -ENOENT : p->room && p->policy.home_mode == CRL_HOME_REAL;

	if (p)
		crl_published_done(p);
	free(p);
	return does;
}

static enum ctl_exit run_may_have_manager(const struct ctl *c, int argc, char **argv)
{
	const struct ctl_pam_view view = {.dir = c->pam_dir};
	struct crl_config *config = NULL;
	struct crl_err err = {0}, wrong = {0};
	struct ctl_outside_by by;
	struct ctl_outside answer;
	uint64_t uid;
	bool readable;
	int rc;

	(void)argc;
	if (crl_parse_uint(argv[0], 0, UINT32_MAX - 1, &uid) < 0)
		return ctl_complain(c, CTL_USAGE, "wants the number of a user");
	if (uid == 0)
		return say(true, uid, "root is exempt");
	(void)signal(SIGALRM, on_alarm); /* R2 */
	(void)alarm(PATIENCE_S);
	if (is_switched_off(c))
		return say(true, uid, "carrel is switched off");
	if (writes_what_it_reads((uint32_t)uid))
		return say(false, uid, "carrel-shell makes a room with the real home in it");
	if (!ctl_is_wired(&view))
		return say(true, uid, "no PAM service of this host uses carrel");
	readable = ctl_load_config(c, &config, &wrong) == 0;
	if (!readable)
		config = NULL; /* who is exempt is so without any */
	ctl_outside_begin(config, &view, &by);
	rc = ctl_outside_of_uid(&by, (uint32_t)uid, &answer, &err);
	ctl_outside_done(&by);
	crl_config_free(config);
	if (rc < 0)
		return ctl_error(c, readable ? &err : &wrong); /* R1 */
	return say(answer.may, uid, answer.why);
}

const struct ctl_command ctl_may_have_manager_command = {
	.name = "may-have-manager",
	.usage = "UID",
	.least = 1,
	.most = 1,
	.run = run_may_have_manager,
};
