// SPDX-License-Identifier: Apache-2.0
/*
 * Loopback addresses that stay on the loopback interface.
 *
 * A socket that is bound to another interface sends to 127.0.0.0/8 by that one, whatever the routes say: the
 * kernel takes an address that it has no route for as one on the link. Who is at the other end of the link, and
 * connects to where packets want to go, would connect to the host's own loopback.
 *
 * Runs in: the init of a room that its user makes, with power over the room's network namespace.
 */
#pragma once

#include "base/scope.h"

/*
 * From here on nothing leaves the caller's network namespace for 127.0.0.0/8: it is refused with EPERM. The loopback
 * interface itself asks no policies (its disable_xfrm).
 * Returns 0 or -errno: -EPROTONOSUPPORT the kernel has no xfrm_user. Source: ip-xfrm(8).
 */
int crl_xfrm_keep_loopback(void) CRL_MUST_CHECK;
