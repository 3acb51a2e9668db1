// SPDX-License-Identifier: Apache-2.0
/* Images that no living room has are detached; see store/image_attach.h. Runs in: the sweep, carrelctl (root). */
#pragma once

#include "base/err.h"

struct crl_state;

/*
 * @path  of the state directory, and @s  the same, open
 * Returns how many were detached, or -errno (stages STATE, MOUNT).
 */
int crl_state_sweep_images(const char *path, const struct crl_state *s, struct crl_err *err) CRL_MUST_CHECK;
