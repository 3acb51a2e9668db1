// SPDX-License-Identifier: Apache-2.0
/*
 * See through.h.
 *
 * Runs in: carrel-shell, as the user. Trusts: the stage file, which was proved, and what it names beneath /run/carrel.
 * R1: it comes to an end: the launcher sets no_new_privs, and who has that does not go there again.
 */
#include "shell/through.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"

/* "caps -t -a NAME -- /PATH/carrel-shell ARGS" */
#define WORDS_BEFORE 6

void crl_shell_go_through(const struct crl_last *last, char **argv)
{
	scoped_free char **words = NULL;
	char self[PATH_MAX] = "";
	ssize_t n = last->caps[0] ? readlink("/proc/self/exe", self, sizeof(self) - 1) : 0;
	size_t args = 0;

	if (!last->caps[0] || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0) /* R1 */
		return;
	while (argv[0] && argv[args + 1])
		args++;
	words = calloc(WORDS_BEFORE + args + 1, sizeof(*words));
	if (words && n > 0) {
		char *before[WORDS_BEFORE] = {crl_unconst("caps"),      crl_unconst("-t"), crl_unconst("-a"),
					      argv[0] ? argv[0] : self, crl_unconst("--"), self};

		memcpy(words, before, sizeof(before));
		memcpy(words + WORDS_BEFORE, argv + (argv[0] ? 1 : 0), args * sizeof(*words));
		(void)execv(last->caps, words);
	}
	crl_log(LOG_WARNING, "shell uid=%u: no ambient capabilities: cannot execute %s: %s", getuid(), last->caps,
		strerrordesc_np(errno));
}
