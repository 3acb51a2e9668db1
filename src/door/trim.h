// SPDX-License-Identifier: Apache-2.0
/*
 * What the application may still do: capabilities, no_new_privs, system call filter.
 *
 * Runs in: the PAM application, as root, inside the room's namespaces.
 */
#pragma once

#include "proto/err.h"
#include "proto/proto.h"

/*
 * Cut ambient, inheritable and bounding set, set securebits, no_new_privs and at last the filter; read each back.
 * Permitted and effective capabilities stay: the application has yet to become the user.
 * There is no way back from any of it.
 * Errors: stage CAPS or FILTER with the kernel's errno; -ENOTRECOVERABLE when the read-back differs.
 */
int crl_trim_apply(const struct crl_msg_room *room, struct crl_err *err) CRL_MUST_CHECK;
