// SPDX-License-Identifier: Apache-2.0
/*
 * Capability sets, securebits and no_new_privs of a policy.
 *
 * Runs in: helper.
 *  R1  Never SECBIT_NO_SETUID_FIXUP: with it sshd's change to the user leaves root's capabilities in place,
 * which sshd finds out and ends, and other callers do not. R2  Nothing inheritable that is not in the
 * bounding set: files' inheritable capabilities do not ask that set.
 *  R3  Without no_new_privs, which the launcher of ambient capabilities sets in the end, uid 0 counts for nothing.
 */
#include "plan/caps.h"

#include <linux/securebits.h>

/*
 * No capabilities by the ambient set, for good, but where the launcher (docs/capabilities.md) shall raise them.
 * SECBIT_KEEP_CAPS is off and not locked: ping(8) of iputils ends when it
 * cannot set it, needed or not, and what it keeps is lost at the next execve(2) of anybody but root.
 * R1: SECBIT_NO_SETUID_FIXUP is not here.
 */
#define BITS_NO_AMBIENT (SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)
/* Uid 0 and set-uid-root files are no source of capabilities. */
#define BITS_NO_ROOT (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED)

void crl_caps_plan(const struct crl_policy *p, struct crl_adopt *adopt)
{
	const uint64_t ambient = p->trim_caps ? p->cap_ambient & p->cap_bounding : 0;
	/* sudo is meant to work: then being root has to give what the bounding set leaves, so NOROOT stays
	 * off */
	bool root_counts = p->cap_bounding != 0 && !p->no_new_privs && !ambient; /* R3 */

	/* With it the launcher's file would give nothing. No other file of the room counts: all mounts are nosuid. */
	adopt->no_new_privs = p->no_new_privs && !ambient;
	adopt->trim_caps = p->trim_caps;
	adopt->cap_bounding = p->trim_caps ? p->cap_bounding : 0;
	/* R2 */
	adopt->cap_inheritable = p->trim_caps ? crl_policy_inheritable(p) & p->cap_bounding : 0;
	adopt->securebits = 0;
	if (p->trim_caps)
		adopt->securebits = (ambient ? 0 : BITS_NO_AMBIENT) | (root_counts ? 0 : BITS_NO_ROOT);
}
