// SPDX-License-Identifier: Apache-2.0
/* The keeper of a room's home, among the processes of this host. */
#pragma once

#include <sys/types.h>

#include "base/scope.h"

/*
 * Its process, 0 = the room has none. Asks for each process of the host who it is.
 * @helper  path of the helper that is installed here; @room  id
 */
pid_t ctl_find_keeper(const char *helper, const char *room) CRL_MUST_CHECK;
