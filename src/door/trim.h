// SPDX-License-Identifier: Apache-2.0
/*
 * What the application may still do: capabilities, no_new_privs, system call filter.
 *
 * Runs in: who adopts or visits a room, as root, inside its namespaces.
 */
#pragma once

#include "base/err.h"
#include "wire/proto.h"

/*
 * Cut ambient, inheritable and bounding set, set securebits, no_new_privs and at last the filter; read each back.
 * Permitted and effective capabilities stay: the application has yet to become the user.
 * There is no way back from any of it.
 * @ret_listener  of a filter that notifies: calls wait until somebody serves it; -EBADF = it does not notify. NULL: the
 *                caller has nobody to serve one
 * Errors: stage CAPS or FILTER with the kernel's errno; -ENOTRECOVERABLE when the read-back differs.
 */
int crl_trim_apply(const struct crl_msg_room *room, int *ret_listener, struct crl_err *err) CRL_MUST_CHECK;
