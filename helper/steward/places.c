// SPDX-License-Identifier: Apache-2.0
/*
 * See places.h. Above a place: something else is found there now. Beneath it: what a room shows of a tree may be in one
 * entry, and what it covers of that tree in another, by the room's names alone.
 */
#include "helper/steward/places.h"

#include <string.h>

#include "base/path.h"
#include "plan/net/resolv.h"

const char *crl_place_on_host(const struct crl_shown_entry *e)
{
	if (e->kind == CRL_MOUNT_HOSTS)
		return "/etc/hosts";
	if (e->kind == CRL_MOUNT_RESOLV)
		return e->target;
	return e->kind == CRL_MOUNT_HIDE || e->kind == CRL_MOUNT_SOCKET || !e->source[0] ? e->target : e->source;
}

const char *crl_place_beneath(const struct crl_shown_entry *e)
{
	if (e->kind == CRL_MOUNT_HOSTS)
		return "/etc/hostname";
	if (e->kind == CRL_MOUNT_RESOLV)
		return CRL_NAT_RESOLV_UPLINK;
	return e->tree == CRL_TREE_NONE && strcmp(e->target, crl_place_on_host(e)) != 0 ? e->target : NULL;
}

static bool are_in_line(const char *a, const char *b)
{
	return crl_path_is_within(a, b) || crl_path_is_within(b, a);
}

static bool is_entry_at(const struct crl_shown_entry *e, const char *point)
{
	const char *beneath = crl_place_beneath(e);

	return are_in_line(crl_place_on_host(e), point) || (beneath && are_in_line(beneath, point));
}

bool crl_set_may_be_at(const struct watch_set *set, const char *point)
{
	if (!set->led || set->elsewhere)
		return true;
	for (size_t i = 0; i < set->entries; i++)
		if (is_entry_at(&set->entry[i], point))
			return true;
	for (const char *place = set->led; *place; place += strlen(place) + 1)
		if (are_in_line(place, point))
			return true;
	return false;
}
