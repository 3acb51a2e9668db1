// SPDX-License-Identifier: Apache-2.0
/*
 * Proof that a login record is well formed.
 *
 * Runs in: who asks for a room (before it sends), helper and supervisor (after they received).
 */
#include "wire/login.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/scope.h"

static const struct text_field {
	const char *name;
	size_t offset;
	size_t size;
	bool may_be_empty;
} text_fields[] = {
	{"user", offsetof(struct crl_login, user), CRL_USER_MAX, false},
	{"home", offsetof(struct crl_login, home), CRL_HOME_MAX, false},
	{"service", offsetof(struct crl_login, service), CRL_SERVICE_MAX, false},
	{"tty", offsetof(struct crl_login, tty), CRL_TTY_MAX, true},
	{"rhost", offsetof(struct crl_login, rhost), CRL_RHOST_MAX, true},
};

static bool path_is_plain(const char *path)
{
	if (path[0] != '/')
		return false;
	for (const char *p = path; *p; p += strcspn(p, "/")) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if ((len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
			return false;
	}
	return true;
}

static int bad(struct crl_err *err, const char *field, const char *why)
{
	return crl_err_set(err, EBADMSG, CRL_STAGE_REQUEST, "login record: %s %s", field, why);
}

static int check_groups(const struct crl_login *login, struct crl_err *err)
{
	if (login->ngroups < 1 || login->ngroups > CRL_GROUPS_MAX)
		return bad(err, "ngroups", "is out of range");
	for (uint32_t i = 0; i < login->ngroups; i++)
		if (login->groups[i] == UINT32_MAX)
			return bad(err, "groups", "holds the invalid id");
	if (!crl_login_in_group(login, login->gid))
		return bad(err, "gid", "is not among the groups");
	return 0;
}

int crl_login_check(const struct crl_login *login, struct crl_err *err)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(text_fields); i++) {
		const struct text_field *f = &text_fields[i];
		const char *text = (const char *)login + f->offset;

		if (!memchr(text, '\0', f->size))
			return bad(err, f->name, "is not terminated");
		if (!f->may_be_empty && !text[0])
			return bad(err, f->name, "is empty");
	}
	if (!path_is_plain(login->home))
		return bad(err, "home", "is not an absolute path without . and ..");
	if (login->shows >= CRL_SHOWS_COUNT)
		return bad(err, "shows", "is unknown");
	if (login->uid == UINT32_MAX || login->gid == UINT32_MAX)
		return bad(err, "uid or gid", "is the invalid id");
	return check_groups(login, err);
}

int crl_login_in_group(const struct crl_login *login, uint32_t gid)
{
	uint32_t n = login->ngroups < CRL_GROUPS_MAX ? login->ngroups : CRL_GROUPS_MAX;

	for (uint32_t i = 0; i < n; i++)
		if (login->groups[i] == gid)
			return 1;
	return 0;
}
