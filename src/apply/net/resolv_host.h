// SPDX-License-Identifier: Apache-2.0
/*
 * The files of the host's that say whom to ask for names, read; plan/net/resolv.h says what they mean.
 *
 * Runs in: helper, carrel-shell (outside), carrelctl; in the host's mount namespace. Source: resolv.conf(5).
 */
#pragma once

#include <stdbool.h>

#include "base/scope.h"
#include "plan/net/resolv.h"

/* Returns whether it is there; "" is read of one that is not. A link is followed: root's programs write it. */
bool crl_resolvhost_read(const char *path, char ret[CRL_NAT_RESOLV_MAX]);

/* What a room has of the host's as it is now: crl_nat_resolv_make(), whose @service and @ret these are. */
int crl_resolvhost_make(const char *service, struct crl_nat_resolv *ret) CRL_MUST_CHECK;
