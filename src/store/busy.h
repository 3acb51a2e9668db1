// SPDX-License-Identifier: Apache-2.0
/*
 * Is an entry's upper mounted anywhere? Locks say who should show it, the kernel who does: a room whose processes do
 * not end, or one that was made by hand.
 *
 * Runs in: helper, carrelctl (root).
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "store/entry.h"

/*
 * Prove that no overlay has it, by an overlay that is never attached: with an index the kernel refuses a second one.
 * What it leaves on the upper is taken off again. With the entry's lock and `use` alone, after crl_stack_ready().
 * @patience_ms  how long is waited for who has it
 * Errors (stage HOME): -EBUSY somebody has, for longer; -ETIMEDOUT the store does not answer; -errno it could not be
 * found out.
 */
int crl_entry_prove_idle(const struct crl_entry *e, int64_t patience_ms, struct crl_err *err) CRL_MUST_CHECK;
