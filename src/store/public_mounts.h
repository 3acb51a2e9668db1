// SPDX-License-Identifier: Apache-2.0
/*
 * Where something is mounted on the host: what lies below such a place is nothing that anybody sees.
 *
 * Runs in: helper, its sweep (root).
 */
#pragma once

#include "base/words.h"

/* Take mount points out of the text of mountinfo, relative to "/"; it is changed. Returns 0, -EBADMSG or -ENOMEM. */
int crl_public_take_mounts(char *text, struct crl_words *ret) CRL_MUST_CHECK;

/* The same of this process's mount namespace, as the kernel has them now. Returns 0 or -errno. */
int crl_public_mounts(struct crl_words *ret) CRL_MUST_CHECK;
