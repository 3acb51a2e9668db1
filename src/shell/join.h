// SPDX-License-Identifier: Apache-2.0
/*
 * The last stage carried out: into the user namespace, its ids, its root, and what is given up there.
 *
 * Runs in: carrel-shell, as the user, in the room; alone in its process.
 */
#pragma once

#include "base/err.h"
#include "shell/stage.h"

/*
 * Carry out what a stage file says, all but the shell. After an error the process must not go on to one: there is no
 * way back from a user namespace.
 * @root  for crl_shell_filter_read(), and what the paths of @last are beneath
 * Returns 0 or -errno (stage NAMESPACE, CAPS or FILTER).
 */
int crl_shell_join(int root, const struct crl_last *last, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Of groups as they are outside those that a namespace has, as they are inside.
 * @map   text of /proc/self/gid_map
 * @ret   @len of them
 * Returns how many.
 */
size_t crl_shell_groups_inside(const char *map, const gid_t *outside, size_t len, gid_t *ret);
