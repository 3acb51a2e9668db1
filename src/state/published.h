// SPDX-License-Identifier: Apache-2.0
/*
 * Published policies: what root has decided that a user gets who makes their room themselves. One file a user, which
 * that user alone can read, and nobody but root can write.
 *
 * Runs in: carrelctl, root, which writes them; carrel-shell, as the user, which reads its own.
 * Trusts: a file that only root can have put there; who reads it cannot choose which.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/filter/filter.h"
#include "policy/policy.h"
#include "wire/login.h"

#define CRL_PUBLISHED_TEXT_MAX CRL_FILE_MAX
#define CRL_PUBLISHED_SHELL_MAX 1024

struct crl_published {
	char user[CRL_USER_MAX];
	char group[CRL_GROUP_MAX]; /* name of the primary group; "" = it has none */
	char home[CRL_HOME_MAX];
	char shell[CRL_PUBLISHED_SHELL_MAX]; /* the real one, absolute */
	uint32_t uid;
	uint32_t gid;
	char contact[CRL_CONTACT_MAX]; /* whom users of this host can ask; "" = not said */
	bool room; /* false: this user has no room, and the shell is run as it is */
	bool nest; /* the filter lets the user make namespaces and mount in them */
	char kept[CRL_PUBLISHED_SHELL_MAX]; /* the user's own directory for what they change in their home; "" = none */
	struct crl_policy policy; /* effective, its templates as they stand; of a user with a room */
	struct crl_filter filter; /* len 0 = none */
};

/*
 * The text of a file.
 * @ret  NUL-terminated, to be freed
 * Errors (stage STATE): -EINVAL a name or path with a control character; -ENOMEM.
 */
int crl_published_print(const struct crl_published *p, char **ret, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Read such a text.
 * @text  @len bytes and a NUL after them; changed in place
 * @ret   the caller calls crl_published_done() whatever comes back
 * Errors (stage CONFIG): -EBADMSG a line that is not as it has to be; those of crl_config_policy().
 */
int crl_published_parse(char *text, size_t len, struct crl_published *ret, struct crl_err *err) CRL_MUST_CHECK;
void crl_published_done(struct crl_published *p);

/*
 * Open and read the file of a user, which is proved: root's, writable by root alone, in directories of root's.
 * @dir  NULL = CRL_PUBLISHED_DIR
 * Errors (stage CONFIG): -ENOENT nothing is published for that user; -EPERM owner, mode or links; -EBADMSG it is
 * another user's, or not as above.
 */
int crl_published_read(const char *dir, uint32_t uid, struct crl_published *ret, struct crl_err *err) CRL_MUST_CHECK;

/* The same as a text, to be compared: to be freed. */
int crl_published_read_text(const char *dir, uint32_t uid, char **ret, size_t *ret_len,
			    struct crl_err *err) CRL_MUST_CHECK;

/*
 * Put a user's file there, whole or not at all; the directory is made where there is none. On a file system without
 * access control lists the primary group is given it, which @private says nobody else is in. Waits while another
 * process writes there.
 * Errors (stage STATE): -EOPNOTSUPP neither can be; -errno of the step.
 */
int crl_published_write(const char *dir, const struct crl_published *p, bool private,
			struct crl_err *err) CRL_MUST_CHECK;

/* Take it away. Returns 1, 0 when there was none, or -errno (stage STATE). */
int crl_published_remove(const char *dir, uint32_t uid, struct crl_err *err) CRL_MUST_CHECK;

/* Is it a name of a user's file? */
bool crl_published_is_name(const char *name, uint32_t *ret_uid);
