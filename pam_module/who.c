// SPDX-License-Identifier: Apache-2.0
/*
 * Look-ups of user and groups.
 *
 * Runs in: the PAM application, as root.
 */
#include "pam_module/who.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/scope.h"

#define NSS_BUFFER_FIRST 2048      /* bytes */
#define NSS_BUFFER_MAX (1u << 22)  /* bytes; a group of some hundred thousand members fits */

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

/* Double the buffer. Returns false when there is no memory or it is large enough for anything honest. */
static bool grow(char **buf, size_t *size)
{
	size_t bigger = *size ? *size * 2 : NSS_BUFFER_FIRST;
	char *more = bigger <= NSS_BUFFER_MAX ? realloc(*buf, bigger) : NULL;

	if (!more)
		return false;
	*buf = more;
	*size = bigger;
	return true;
}

int who_find_user(pam_handle_t *pamh, struct crl_login *ret, struct crl_err *err)
{
	const char *user = item(pamh, PAM_USER);
	struct passwd pw, *found = NULL;
	scoped_free char *buf = NULL;
	size_t size = 0;
	int rc = ERANGE;

	if (!user || !user[0])
		return crl_err_set(err, EINVAL, CRL_STAGE_REQUEST, "the application names no user");
	while (rc == ERANGE && grow(&buf, &size))
		rc = getpwnam_r(user, &pw, buf, size, &found);
	if (rc != 0)
		return crl_err_set(err, rc, CRL_STAGE_REQUEST, "the name service did not answer for the user");
	if (!found)
		return crl_err_set(err, ENOENT, CRL_STAGE_REQUEST, "there is no such user");
	ret->uid = pw.pw_uid;
	ret->gid = pw.pw_gid;
	rc = copy_text(ret->user, sizeof(ret->user), pw.pw_name, "user name", err);
	if (rc < 0)
		return rc;
	return copy_text(ret->home, sizeof(ret->home), pw.pw_dir, "home", err);
}

int who_find_groups(struct crl_login *login, struct crl_err *err)
{
	int n = CRL_GROUPS_MAX;

	_Static_assert(sizeof(gid_t) == sizeof(login->groups[0]), "getgrouplist fills the record's own array");
	if (getgrouplist(login->user, login->gid, login->groups, &n) < 0)
		return crl_err_set(err, E2BIG, CRL_STAGE_REQUEST, "the user is in more than %d groups", CRL_GROUPS_MAX);
	login->ngroups = (uint32_t)n;
	return 0;
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

int who_find_group(const char *name, uint32_t *ret_gid)
{
	struct group gr, *found = NULL;
	scoped_free char *buf = NULL;
	size_t size = 0;
	int rc = ERANGE;

	while (rc == ERANGE && grow(&buf, &size))
		rc = getgrnam_r(name, &gr, buf, size, &found);
	if (rc != 0)
		return -rc;
	if (!found)
		return -ENOENT;
	*ret_gid = gr.gr_gid;
	return 0;
}

int who_name_group(uint32_t gid, char ret[CRL_GROUP_MAX])
{
	struct group gr, *found = NULL;
	scoped_free char *buf = NULL;
	size_t size = 0;
	int rc = ERANGE;

	while (rc == ERANGE && grow(&buf, &size))
		rc = getgrgid_r(gid, &gr, buf, size, &found);
	if (rc != 0)
		return -rc;
	if (!found)
		return -ENOENT;
	return copy_text(ret, CRL_GROUP_MAX, gr.gr_name, "group name", NULL);
}
