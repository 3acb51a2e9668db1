// SPDX-License-Identifier: Apache-2.0
/* Functions of libraries that are not linked. Source: dlsym(3). */
#pragma once

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

/* @ret  a function pointer of any kind; POSIX lets dlsym() be read that way. False: @lib has none of that name. */
static inline bool crl_symbol_find(void *lib, const char *name, void *ret)
{
	void *found = dlsym(lib, name);

	memcpy(ret, &found, sizeof(found));
	return found != NULL;
}
