// SPDX-License-Identifier: Apache-2.0
/* See hosts.h. */
#include "apply/mounts/hosts.h"

#include <stdio.h>

size_t crl_hosts_text(char *text, size_t len, const char *name)
{
	if (!len)
		len = (size_t)sprintf(text, "127.0.0.1 localhost\n::1 localhost\n");
	if (text[len - 1] != '\n')
		text[len++] = '\n';
	return len + (size_t)snprintf(text + len, 400, "127.0.1.1 %.300s\n", name);
}
