// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's capabilities, as the sets and securebits that the module applies.
 *
 * Pure. Source: capabilities(7), docs/architecture.md (why securebits are what they are).
 */
#pragma once

#include "policy/policy.h"
#include "wire/proto.h"

/*
 * Fill the capability fields, securebits and no_new_privs of @adopt from the policy; nothing else in it is
 * touched. Where the policy leaves capabilities alone (trim_caps false) sets and securebits are 0 and not to
 * be applied.
 */
void crl_caps_plan(const struct crl_policy *p, struct crl_adopt *adopt);
