// SPDX-License-Identifier: Apache-2.0
/*
 * A PAM module that tells the injector where it is called: before and after carrel's lines in a stack.
 *
 * Runs in: the PAM application of the fault tests. The call itself is one that the kernel refuses.
 */
#include <security/pam_modules.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "mark.h"

static int mark(int argc, const char **argv)
{
	(void)prctl(FAULT_MARK, argc > 0 ? strtoul(argv[0], NULL, 10) : 0);
	return PAM_IGNORE;
}

#define EXPORT __attribute__((visibility("default")))

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags;
	return mark(argc, argv);
}

EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags;
	return mark(argc, argv);
}
