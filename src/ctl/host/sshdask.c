// SPDX-License-Identifier: Apache-2.0
/* See sshdask.h. */
#include "ctl/host/sshdask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/host/ask.h"

#define ANSWER_MAX 65536
#define TIMEOUT_MS 10000

int ctl_sshd_is_valid(void)
{
	char *const argv[] = {crl_unconst(CTL_SSHD_PROGRAM), crl_unconst("-t"), NULL};
	char answer[64];
	int rc = ctl_ask_program(argv, answer, sizeof(answer), TIMEOUT_MS);

	return rc < 0 ? rc : rc == 0;
}

int ctl_sshd_value_for(const char *user, const char *keyword, char *ret, size_t size)
{
	scoped_free char *answer = malloc(ANSWER_MAX);
	char who[512];
	char *const argv[] = {crl_unconst(CTL_SSHD_PROGRAM), crl_unconst("-T"), crl_unconst("-C"), who, NULL};
	char *rest = answer;
	int rc;

	ret[0] = '\0';
	if (!answer)
		return -ENOMEM;
	/* Every fact that a Match may ask for; a comma would be another. */
	if (strchr(user, ',') ||
	    (size_t)snprintf(who, sizeof(who), "user=%s,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22",
			     user) >= sizeof(who))
		return -EINVAL;
	rc = ctl_ask_program(argv, answer, ANSWER_MAX, TIMEOUT_MS);
	if (rc != 0)
		return rc < 0 ? rc : -EINVAL;
	for (const char *line; (line = strsep(&rest, "\n"));) {
		size_t len = strlen(keyword);

		if (strncmp(line, keyword, len) == 0 && line[len] == ' ' && strcmp(line + len + 1, "none") != 0)
			(void)snprintf(ret, size, "%s", line + len + 1);
	}
	return 0;
}
