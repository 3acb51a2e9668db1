// SPDX-License-Identifier: Apache-2.0
/*
 * Where on the host that stands which rooms of a set show: by the names of its entries, and, where a link of root's
 * leads elsewhere, by the way that a look has found.
 *
 * Runs in: carrel-steward, and its children that look.
 */
#pragma once

#include "helper/steward/sets.h"

/* What an entry shows, or covers, on the host. */
const char *crl_place_on_host(const struct crl_shown_entry *e);

/* The host has something of its own at the entry's target, too, which goes with a change there. NULL = it has not */
const char *crl_place_beneath(const struct crl_shown_entry *e);

/*
 * May what was mounted at @point, or is not any more, concern the set? It does at, above and beneath a place; and
 * where the places are not known, or are those of another mount namespace.
 */
bool crl_set_may_be_at(const struct watch_set *set, const char *point);
