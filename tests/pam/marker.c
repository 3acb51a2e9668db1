// SPDX-License-Identifier: Apache-2.0
/*
 * A PAM module that only tells that it was asked: its first argument is added to the variable SEEN.
 *
 * Runs in: tests only.
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *seen = pam_getenv(pamh, "SEEN");
	char text[8192];

	(void)flags;
	(void)snprintf(text, sizeof(text), "SEEN=%s%s,", seen ? seen : "", argc > 0 ? argv[0] : "-");
	return pam_putenv(pamh, text);
}

EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}
