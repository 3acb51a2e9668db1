// SPDX-License-Identifier: Apache-2.0
/* See names.h. */
#include "door/names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

#define NSS_BUFFER_FIRST 2048 /* bytes */
#define NSS_BUFFER_MAX (1u << 22) /* bytes; a group of some hundred thousand members fits */

static int copy_text(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		return -ENAMETOOLONG;
	memcpy(to, from, strlen(from) + 1);
	return 0;
}

/* A passwd entry may have "/home//ana/": the same path, written once and for all. Changes @path. */
static void tidy_path(char *path)
{
	char *to = path;

	for (const char *from = path; *from; from++)
		if (*from != '/' || (from[1] != '/' && from[1] != '\0') || (to == path && from[1] == '\0'))
			*to++ = *from;
	*to = '\0';
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

/*
 * What a reentrant look-up of glibc returned. One that found nothing returns 0; an error, even ENOENT, which is what
 * nss_ldap, nss_sss and nss_winbind leave behind when their daemon is away, says that nobody knows.
 */
static int answer(int rc, bool found)
{
	if (rc != 0)
		return rc == ENOENT ? -EAGAIN : -rc;
	return found ? 0 : -ENOENT;
}

int crl_names_user(const char *user, struct crl_login *ret, struct crl_err *err)
{
	struct passwd pw, *found = NULL;
	scoped_free char *buf = NULL;
	size_t size = 0;
	int rc = ERANGE;

	while (rc == ERANGE && grow(&buf, &size))
		rc = getpwnam_r(user, &pw, buf, size, &found);
	rc = answer(rc, found);
	if (rc == -ENOENT)
		return crl_err_set(err, ENOENT, CRL_STAGE_REQUEST, "there is no user \"%s\"", user);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_REQUEST, "the name service did not answer for the user");
	ret->uid = pw.pw_uid;
	ret->gid = pw.pw_gid;
	if (copy_text(ret->user, sizeof(ret->user), pw.pw_name) < 0)
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_REQUEST, "the user name is too long");
	if (copy_text(ret->home, sizeof(ret->home), pw.pw_dir) < 0)
		return crl_err_set(err, ENAMETOOLONG, CRL_STAGE_REQUEST, "the home is too long");
	tidy_path(ret->home);
	return 0;
}

int crl_names_user_name(uint32_t uid, char ret[CRL_USER_MAX])
{
	struct passwd pw, *found = NULL;
	scoped_free char *buf = NULL;
	size_t size = 0;
	int rc = ERANGE;

	while (rc == ERANGE && grow(&buf, &size))
		rc = getpwuid_r(uid, &pw, buf, size, &found);
	rc = answer(rc, found);
	return rc < 0 ? rc : copy_text(ret, CRL_USER_MAX, pw.pw_name);
}

int crl_names_groups(struct crl_login *login, struct crl_err *err)
{
	int n = CRL_GROUPS_MAX;

	_Static_assert(sizeof(gid_t) == sizeof(login->groups[0]), "getgrouplist fills the record's own array");
	if (getgrouplist(login->user, login->gid, login->groups, &n) < 0)
		return crl_err_set(err, E2BIG, CRL_STAGE_REQUEST, "the user is in more than %d groups", CRL_GROUPS_MAX);
	login->ngroups = (uint32_t)n;
	return 0;
}

/* By @name, or by @gid when that is NULL. @buf  what @ret points into; free it in any case */
static int find_group(const char *name, uint32_t gid, struct group *ret, char **buf)
{
	struct group *found = NULL;
	size_t size = 0;
	int rc = ERANGE;

	while (rc == ERANGE && grow(buf, &size))
		rc = name ? getgrnam_r(name, ret, *buf, size, &found) : getgrgid_r(gid, ret, *buf, size, &found);
	return answer(rc, found);
}

int crl_names_group_id(const char *name, uint32_t *ret_gid)
{
	scoped_free char *buf = NULL;
	struct group gr;
	int rc = find_group(name, 0, &gr, &buf);

	if (rc == 0)
		*ret_gid = gr.gr_gid;
	return rc;
}

int crl_names_group_name(uint32_t gid, char ret[CRL_GROUP_MAX])
{
	scoped_free char *buf = NULL;
	struct group gr;
	int rc = find_group(NULL, gid, &gr, &buf);

	return rc < 0 ? rc : copy_text(ret, CRL_GROUP_MAX, gr.gr_name);
}
