// SPDX-License-Identifier: Apache-2.0
/*
 * See selinux.h.
 *
 * getcon(3) asks /proc/thread-self, which leads nowhere for who holds a room with a PID namespace (docs/callers.md),
 * and sshd ends a login with a terminal when it fails and SELinux enforces. What a thread has set by setcon(3),
 * libselinux answers by itself: so the context is set to what it is. The kernel changes nothing by that, and asks the
 * policy for setcurrent and dyntransition of a domain to itself (conf/selinux/carrel.te).
 *
 * Source: getcon(3); libselinux/src/procattr.c, which caches what was set, for each thread and over fork(2).
 */
#include "pam_module/selinux.h"

#include <dlfcn.h>

#include "base/scope.h"
#include "base/symbol.h"

#define LIBRARY "libselinux.so.1"

void selinux_keep_context(void)
{
	void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD); /* the application's own, or that of a module beside us */
	int (*is_enabled)(void), (*get)(char **), (*set)(const char *);
	void (*release)(char *);
	char *context = NULL;

	if (!lib)
		return;
	if (crl_symbol_find(lib, "is_selinux_enabled", &is_enabled) && crl_symbol_find(lib, "getcon", &get) &&
	    crl_symbol_find(lib, "setcon", &set) && crl_symbol_find(lib, "freecon", &release) && is_enabled() == 1 &&
	    get(&context) == 0) {
		crl_ignore(set(context));
		release(context);
	}
	(void)dlclose(lib);
}
