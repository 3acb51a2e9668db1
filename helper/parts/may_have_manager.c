// SPDX-License-Identifier: Apache-2.0
/*
 * May this user have a service manager of systemd's? It would run outside of every room what is in the user's home.
 *
 * Runs in: helper, as the ExecCondition of user@.service, root, host namespaces.
 * The helper is static and asks no name service, and the answer needs name and groups: carrelctl, which evaluates the
 * rules for the administrator as well, takes this process over. Only root's own is decided here.
 * R1: whatever goes wrong is a no. R2: the status is none that systemd takes for a failure (255, a signal): the unit is
 * skipped, and the login that wanted it goes on.
 */
#include "helper/parts/may_have_manager.h"

#include <inttypes.h>
#include <string.h>

#include "base/parse.h"
#include "helper/options.h"

#define YES 0
#define NO 1

int crl_may_have_manager(const struct crl_options *o)
{
	static char program[] = "carrelctl", config[] = "--config", command[] = "may-have-manager";
	static char *const empty[] = {NULL};
	scoped_free char *path = strdup(o->config);
	char text[24];
	char *argv[] = {program, config, path, command, text, NULL};
	uint64_t uid;

	if (crl_parse_uint(o->manager_of, 0, UINT32_MAX - 1, &uid) < 0) {
		(void)fprintf(stderr, "carrel-helper: --may-have-manager wants the number of a user\n");
		return NO; /* R1 */
	}
	if (uid == 0)
		return YES;
	(void)snprintf(text, sizeof(text), "%" PRIu64, uid);
	if (path)
		(void)execve(CRL_CTL_PATH, argv, empty);
	(void)fprintf(stderr, "carrel-helper: cannot ask " CRL_CTL_PATH ": %s\n", strerrordesc_np(errno));
	return NO; /* R1, R2 */
}
