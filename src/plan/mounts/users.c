// SPDX-License-Identifier: Apache-2.0
/*
 * What of the host a login needs in whatever root: who is who, but no more than that; how names are asked for, the time
 * zone, terminals. An image's own are behind these: who made the image does not say who is in which group, nor what a
 * process of root's reads.
 *
 * Runs in: helper, carrelctl. Pure.
 */
#include "plan/mounts/build.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"

struct brought {
	const char *name; /* in /etc */
	bool dir;
	bool users; /* written anew, at number @file */
	uint64_t file; /* enum crl_users_file */
	const char *source; /* on the host; not of those that are written */
	const char *else_source; /* where there is none; NULL = nothing */
};

static const struct brought table[] = {
	{"passwd", false, true, 0, "/etc/passwd", NULL},
	{"group", false, true, 1, "/etc/group", NULL},
	{"nsswitch.conf", false, true, 2, "/etc/nsswitch.conf", NULL},
	{"resolv.conf", false, false, 0, "/etc/resolv.conf", NULL},
	{"localtime", false, false, 0, "/etc/localtime", NULL},
	{"terminfo", true, false, 0, "/lib/terminfo", "/usr/share/terminfo"}, /* Debian 12's; most others' */
};

/* Files of libnss_systemd with users and memberships of their own. */
static const char *const others[] = {"/etc/userdb", "/usr/lib/userdb", "/usr/local/lib/userdb"};

static bool is_image(const struct crl_build *b)
{
	return b->policy->root_mode == CRL_ROOT_IMAGE;
}

bool crl_build_is_brought(const struct crl_build *b, const char *path)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(table) && is_image(b); i++)
		if (strncmp(path, "/etc/", 5) == 0 && strcmp(path + 5, table[i].name) == 0)
			return true;
	for (size_t i = 0; i < CRL_ARRAY_LEN(others) && is_image(b); i++)
		if (strcmp(path, others[i]) == 0)
			return true;
	return false;
}

const char *crl_build_instead(const struct crl_build *b, const char *path)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(table) && b->policy->hide_users && !is_image(b); i++)
		if (table[i].users && strcmp(path, table[i].source) == 0)
			return path + 1;
	return NULL;
}

/* Whose the room is, for who renews what it knows of others: "UID:GID:GROUP,GROUP:USER:HOME". */
static const char *describe(struct crl_build *b)
{
	const struct crl_login *l = b->login;
	char groups[CRL_GROUPS_MAX * 11];
	size_t at = 0;

	groups[0] = '\0';
	for (uint32_t i = 0; i < l->ngroups && i < CRL_GROUPS_MAX; i++)
		at += (size_t)snprintf(groups + at, sizeof(groups) - at, "%s%" PRIu32, i ? "," : "", l->groups[i]);
	return crl_build_text(b, "%" PRIu32 ":%" PRIu32 ":%s:%s:%s", l->uid, l->gid, groups,
			      strpbrk(l->user, ":,\n") ? "" : l->user, l->home);
}

static int make(struct crl_build *b, const struct brought *t)
{
	const char *path = crl_build_text(b, "etc/%s", t->name);
	const char *whose = t->users ? describe(b) : "";

	if (!path || !whose)
		return -ENOMEM;
	if (t->users)
		return CRL_ADD(b, .kind = CRL_MOUNT_USERS, .tree = CRL_TREE_SYSTEM, .target = path, .mode = 0644,
			       .source = t->source, .number = t->file, .data = whose);
	if (t->dir)
		return CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = path, .mode = 0755);
	return CRL_ADD(b, .kind = CRL_MOUNT_FILE, .tree = CRL_TREE_SYSTEM, .target = path, .mode = 0644, .data = "");
}

int crl_build_users(struct crl_build *b)
{
	int rc = 0;

	if (!is_image(b) && !b->policy->hide_users)
		return 0;
	rc = CRL_ADD(b, .kind = CRL_MOUNT_DIR, .tree = CRL_TREE_SYSTEM, .target = "etc", .mode = 0755);
	for (size_t i = 0; i < CRL_ARRAY_LEN(table) && rc == 0; i++)
		if (table[i].users || is_image(b))
			rc = make(b, &table[i]);
	return rc;
}

static bool hides_in_etc(const struct crl_build *b)
{
	const struct crl_strv *hide = &b->policy->hide;

	for (size_t i = 0; i < hide->len; i++)
		if (crl_path_is_within(hide->item[i], "/etc") && strcmp(hide->item[i], "/etc") != 0 &&
		    strcmp(hide->item[i], CRL_OWN_CONFIG) != 0)
			return true;
	return b->policy->hide_users;
}

/*
 * A cover over one of the host's names comes off when the host puts another file there, as useradd(8) does with
 * /etc/passwd, and in a room without root nobody could cover it again: the names have to be the room's own.
 */
static int make_firm(struct crl_build *b)
{
	if (!b->host->alone || !hides_in_etc(b))
		return 0;
	return CRL_ADD(b, .kind = CRL_MOUNT_FIRM, .target = "/etc", .flags = CRL_OP_OPTIONAL);
}

/* Over the host's own, which stay where they are. */
static int hide_others(struct crl_build *b)
{
	int rc = 0;

	for (size_t i = 0; i < CRL_ARRAY_LEN(table) && rc == 0; i++) {
		const char *source = crl_build_text(b, "etc/%s", table[i].name);
		const char *target = crl_build_text(b, "/etc/%s", table[i].name);

		if (!source || !target)
			return -ENOMEM;
		if (table[i].users)
			rc = CRL_ADD(b, .kind = CRL_MOUNT_SHOW, .tree = CRL_TREE_SEALED, .source = source,
				     .target = target, .flags = CRL_OP_OPTIONAL | CRL_OP_FOLLOW);
	}
	return rc;
}

/* What the host has: of two sources the second is what stands above, if it is there. */
static int offer(struct crl_build *b, const struct brought *t, const char *target)
{
	int rc = 0;

	if (t->else_source)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_OFFER, .source = t->else_source, .target = target,
			     .flags = CRL_OP_OPTIONAL);
	return rc < 0 ? rc
		      : CRL_ADD(b, .kind = CRL_MOUNT_OFFER, .source = t->source, .target = target,
				.flags = CRL_OP_OPTIONAL);
}

/* Into an image's /etc, whatever that has by these names. One that takes writes has their places made. */
static int bring(struct crl_build *b)
{
	bool written = crl_policy_outer_is_written(b->policy);
	int rc = 0;

	if (!written)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_MERGE, .source = "etc", .target = "/etc", .flags = CRL_OP_OPTIONAL);
	for (size_t i = 0; i < CRL_ARRAY_LEN(table) && rc == 0; i++) {
		const char *source = crl_build_text(b, "etc/%s", table[i].name);
		const char *target = crl_build_text(b, "/etc/%s", table[i].name);

		if (!source || !target)
			return -ENOMEM;
		if (written)
			rc = CRL_ADD(b, .kind = CRL_MOUNT_STEER, .tree = CRL_TREE_SEALED, .source = source,
				     .target = target, .flags = CRL_OP_PLACE);
		if (rc == 0 && !table[i].users)
			rc = offer(b, &table[i], target);
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(others) && rc == 0; i++)
		rc = CRL_ADD(b, .kind = CRL_MOUNT_HIDE, .target = others[i], .flags = CRL_OP_OPTIONAL);
	return rc;
}

int crl_build_brought(struct crl_build *b)
{
	int rc = 0;

	if (is_image(b))
		return bring(b);
	rc = make_firm(b);
	return rc == 0 && b->policy->hide_users ? hide_others(b) : rc;
}
