// SPDX-License-Identifier: Apache-2.0
/* See way.h. */
#include "ctl/shell/way.h"

#include <stdio.h>
#include <string.h>

#include "ctl/host/sshdask.h"
#include "ctl/shell/publish.h"

bool ctl_shell_is_ours(const char *command)
{
	size_t len = strcspn(command, " ");
	size_t name = strlen(CTL_SHELL_NAME);

	return len >= name && strncmp(command + len - name, CTL_SHELL_NAME, name) == 0 &&
	       (len == name || command[len - name - 1] == '/');
}

int ctl_shell_way(const char *user, const char *shell, char *ret, size_t size)
{
	char command[512];
	int rc;

	ret[0] = '\0';
	if (ctl_shell_is_ours(shell)) {
		(void)snprintf(ret, size, "%s", shell);
		return 0;
	}
	rc = ctl_sshd_value_for(user, "forcecommand", command, sizeof(command));
	if (rc == 0 && ctl_shell_is_ours(command))
		(void)snprintf(ret, size, "%.*s", (int)strcspn(command, " "), command);
	return rc;
}
