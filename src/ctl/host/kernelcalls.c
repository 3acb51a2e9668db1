// SPDX-License-Identifier: Apache-2.0
/* See kernelcalls.h. Addresses are not looked at: whoever may not see them sees the names all the same. */
#include "ctl/host/kernelcalls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

/* Elsewhere it is "sys_", as much else is. */
static const char *const beginnings[] = {"__x64_sys_", "__arm64_sys_"};

/* "0000000000000000 T __x64_sys_read" */
static const char *call_of(char *line)
{
	char *name;

	line[strcspn(line, "\n\t")] = '\0'; /* behind a tab: the module */
	name = strrchr(line, ' ');
	for (size_t i = 0; name && i < CRL_ARRAY_LEN(beginnings); i++) {
		size_t len = strlen(beginnings[i]);

		if (strncmp(name + 1, beginnings[i], len) == 0)
			return name + 1 + len;
	}
	return NULL;
}

int ctl_kernel_calls(const char *path, struct crl_strv *ret)
{
	scoped_free char *line = NULL;
	struct crl_strv v = {0};
	size_t size = 0;
	FILE *f = fopen(path, "re");
	int rc = 0;

	while (f && rc == 0 && getline(&line, &size, f) > 0) {
		const char *call = call_of(line);

		if (call)
			rc = crl_strv_add(&v, call);
	}
	if (f)
		(void)fclose(f);
	if (rc == 0 && v.len == 0)
		rc = -ENODATA;
	if (rc < 0)
		crl_strv_done(&v);
	else
		*ret = v;
	return rc;
}
