// SPDX-License-Identifier: Apache-2.0
/*
 * What PAM knows of the login.
 *
 * Runs in: the PAM application, as root.
 */
#include "pam_module/who.h"

#include <errno.h>
#include <string.h>

#include "door/names.h"

static int copy_text(char *to, size_t size, const char *from, const char *what, struct crl_err *err)
{
	if (!from)
		from = "";
	if (strlen(from) >= size)
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_REQUEST, "the %s is too long", what);
	memcpy(to, from, strlen(from) + 1);
	return 0;
}

static const char *item(pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

int who_find_user(pam_handle_t *pamh, struct crl_login *ret, struct crl_err *err)
{
	const char *user = item(pamh, PAM_USER);

	if (!user || !user[0])
		return crl_err_set(err, EINVAL, CRL_STAGE_REQUEST, "the application names no user");
	return crl_names_user(user, ret, err);
}

bool who_is_remote(pam_handle_t *pamh)
{
	const char *host = item(pamh, PAM_RHOST);

	return host && host[0];
}

int who_describe(pam_handle_t *pamh, struct crl_login *login, struct crl_err *err)
{
	const char *tty = item(pamh, PAM_TTY);
	int rc;

	if (tty && !strncmp(tty, "/dev/", 5))
		tty += 5;
	rc = copy_text(login->service, sizeof(login->service), item(pamh, PAM_SERVICE), "service", err);
	if (rc < 0)
		return rc;
	rc = copy_text(login->tty, sizeof(login->tty), tty, "terminal", err);
	if (rc < 0)
		return rc;
	rc = copy_text(login->rhost, sizeof(login->rhost), item(pamh, PAM_RHOST), "remote host", err);
	if (rc < 0)
		return rc;
	return crl_login_check(login, err);
}
