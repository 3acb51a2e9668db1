// SPDX-License-Identifier: Apache-2.0
/*
 * Which ids a user's rooms have for their user namespaces: /etc/subuid and /etc/subgid say it, or the record in the
 * store of what carrel has allotted.
 *
 * Runs in: helper, carrelctl (root). Trusts: what root alone can have written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/ids.h"
#include "wire/login.h"

#define CRL_IDS_FILE "subids" /* in the store */

struct crl_ids_wish {
	const struct crl_login *login;
	const char *store; /* path */
	struct crl_subid_range pool; /* what is allotted from */
	const char *etc; /* NULL = /etc */
	bool keep; /* note what is allotted; else it is only what would be */
	int64_t patience_ms; /* for others who note something */
};

struct crl_ids {
	struct crl_subid_range uids;
	struct crl_subid_range gids;
	bool allotted; /* by carrel */
};

/*
 * Find a user's ranges, and allot one where there is none.
 * Errors (stage CONFIG): -ERANGE the ranges of these files are too small; -EEXIST a range meets another's, an id of
 * the host's accounts and groups, or one of the login's own; -EPERM a primary group of root's; -ENOSPC none is left;
 * -EBADMSG the record is none; those of the files and the store.
 */
int crl_ids_find(const struct crl_ids_wish *wish, struct crl_ids *ret, struct crl_err *err) CRL_MUST_CHECK;
