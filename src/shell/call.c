// SPDX-License-Identifier: Apache-2.0
/* See call.h. */
#include "shell/call.h"

#include <string.h>

void crl_shell_call_read(char *const *argv, const char *original, struct crl_shell_call *ret)
{
	static char *const none[] = {NULL};
	const char *name = argv[0] ? argv[0] : "";

	*ret = (struct crl_shell_call){.login = name[0] == '-', .args = argv[0] ? argv + 1 : none};
	if (ret->login || ret->args[0] || (!strchr(name, '/') && !original))
		return;
	ret->forced = true;
	ret->command = original;
	ret->login = !original;
}
