// SPDX-License-Identifier: Apache-2.0
/* See libpam.h. */
#include "ctl/host/libpam.h"

#include <dlfcn.h>
#include <stdio.h>

#include "base/scope.h"
#include "base/symbol.h"

bool ctl_libpam_open(struct ctl_libpam *ret, char *why, size_t size)
{
	void *lib = dlopen("libpam.so.0", RTLD_NOW | RTLD_LOCAL);
	const struct {
		const char *name;
		void *to;
	} wanted[] = {
		{"pam_start", &ret->start},
		{"pam_set_item", &ret->set_item},
		{"pam_setcred", &ret->setcred},
		{"pam_open_session", &ret->open_session},
		{"pam_close_session", &ret->close_session},
		{"pam_strerror", &ret->strerror},
		{"pam_end", &ret->end},
	};

	*ret = (struct ctl_libpam){.start = NULL};
	if (!lib) {
		(void)snprintf(why, size, "%s", dlerror());
		return false;
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(wanted); i++) {
		if (!crl_symbol_find(lib, wanted[i].name, wanted[i].to)) {
			(void)snprintf(why, size, "libpam has no %s()", wanted[i].name);
			return false;
		}
	}
	(void)crl_symbol_find(lib, "pam_start_confdir", &ret->start_confdir);
	return true;
}
