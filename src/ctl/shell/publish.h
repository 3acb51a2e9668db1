// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl shell: policies that users get who make their rooms themselves.
 *
 * What is published for a user is worked out from the rules as root, as a login by sshd would have it.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "plan/rootless.h"
#include "state/published.h"

struct crl_config;
struct ctl;
struct ctl_findings;

#define CTL_SHELL_NAME "carrel-shell"

/* Actions. */
extern const struct ctl_command ctl_shell_publish;
extern const struct ctl_command ctl_shell_withdraw;

/*
 * Work out what a user gets.
 * @ret  the caller calls crl_published_done() whatever comes back
XX
 * run (stage RULE); of rules, policy and filter.
 */
int ctl_shell_work_out(const struct ctl *c, const struct crl_config *config, const char *user,
		       struct crl_published *ret, struct crl_err *err) CRL_MUST_CHECK;

/* Has nobody else that primary group, named as the user is? As far as the name service lists its users. */
bool ctl_shell_is_private(const struct crl_published *p);

/*
 * Make the directory p->kept, the user's alone, in one of root's beside the store; what is in it stays as it is.
 * Errors (stage STATE): -EPERM it is somebody else's, or users cannot pass a directory on the way; -errno.
 */
int ctl_shell_make_kept(const struct crl_published *p, struct crl_err *err) CRL_MUST_CHECK;

/* The uids that something is published for, in order. @ret  to be freed. Returns 0 or -errno (stage STATE). */
int ctl_shell_all(uint32_t **ret, size_t *ret_len, struct crl_err *err) CRL_MUST_CHECK;

/*
 * What a room without root cannot hold of it, told as crl_rootless_judge() does. What only a login of the user's knows
 * is taken for given.
 */
void ctl_shell_judge(const struct crl_published *p, crl_rootless_lack *tell, void *arg);
