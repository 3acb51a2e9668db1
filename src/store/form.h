// SPDX-License-Identifier: Apache-2.0
/*
 * What keeps an entry's data, and how much that may be.
 *
 *   plain     a directory of the store's file system, without a limit
 *   project   such a directory with a project quota: ext4 and xfs that are mounted with "prjquota"
 *   image     a file system (ext4) of its own, in a sparse file of that size
 *
 * Whoever uses the data is given a mount of them that is attached nowhere (nosuid, nodev), whatever the form is.
 *
 * Of what has a limit the user never gets all: spare.h keeps something back for mounting over what is full.
 *
 * A project quota holds only whom a filter keeps from changing project ids: the owner of a file may
 * (plan/filter/hold.h).
 *
 * Runs in: helper, carrelctl (root), with the entry's lock held. Source: quotactl(2), ioctl_fs(2), loop(4), ext4(5).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/entry.h"

enum crl_form_quota {
	CRL_FORM_QUOTA_AUTO, /* project where that holds, else image; plain when no limit is asked for */
	CRL_FORM_QUOTA_PROJECT,
	CRL_FORM_QUOTA_IMAGE,
	CRL_FORM_QUOTA_NONE,
};

/* What a new entry's data shall be. */
struct crl_form_wish {
	enum crl_form_quota quota;
	uint64_t size; /* bytes; 0 = no limit */
	uint64_t inodes; /* 0 = no limit */
	bool project_holds; /* the user's filter refuses changes of project ids: "auto" may take project quotas */
};

struct crl_form_usage {
	uint64_t bytes, bytes_max; /* max 0 = no limit */
	uint64_t inodes, inodes_max;
	bool is_known; /* false: nobody counts, as in form "plain" */
};

/*
 * Make the data of an entry that has none yet, and clear away what an interrupted attempt left.
 * Errors (stage HOME): -EOPNOTSUPP the form that is asked for cannot be on this host, in words; -EINVAL it needs a
 * size; -ENOSPC; -errno.
 */
int crl_form_make(struct crl_entry *e, const struct crl_form_wish *wish, struct crl_err *err) CRL_MUST_CHECK;

/*
 * A mount of the data directory, not attached. Any number of them may be, also while rooms show the entry: it is one
 * file system.
 * @patience_ms  how long is waited for a loop device that is just going
 * @ret_fd  of the mount, which goes with it unless it is attached. It only names its directory (O_PATH)
 * Errors (stage HOME): -EUCLEAN, -EINVAL … it cannot be mounted: the text says how it is mended; -EBUSY; -EOPNOTSUPP
 * its quotas are switched off; -errno.
 */
int crl_form_open(const struct crl_entry *e, int64_t patience_ms, int *ret_fd, struct crl_err *err) CRL_MUST_CHECK;

/* How much is used. @data  as above. Errors (stage HOME): -errno. */
int crl_form_usage(const struct crl_entry *e, int data, struct crl_form_usage *ret, struct crl_err *err) CRL_MUST_CHECK;

/*
 * The same for who watches: nothing is locked or mounted, and no power but that to read is needed.
 * @dir  of the entry, @o its record
 * @ret  not known: nobody counts, or it cannot be told now. Of an image, what it takes of the disk, and no inodes
 */
void crl_form_look(int dir, const struct crl_owner *o, struct crl_form_usage *ret);

/*
 * Another size, also while rooms show it. What was interrupted is finished by the same call.
 * @data    as above
 * @size    bytes; 0 = as it is
 * @inodes  0 = as it is; an image has them by its size
 * Errors (stage HOME): -ENOSPC less than is used; -EOPNOTSUPP this form, or an image made smaller; -errno.
 */
int crl_form_resize(struct crl_entry *e, int data, uint64_t size, uint64_t inodes, struct crl_err *err) CRL_MUST_CHECK;
