// SPDX-License-Identifier: Apache-2.0
/*
 * Adopt a room: the process itself goes in, and back when anything fails. For the PAM application, and for who takes
 * its place in a rehearsal. Who sends a child in visits instead (visit.h).
 *
 *   on the host   the request; where we are is remembered; the helper's answer, which has moved us to the login's
 *                 cgroup; its descriptor of the room is proved; the adopter's can_hold
 *   the door      every namespace by one setns(), a cgroup namespace of our own; ENTERED
 *   inside        the working directory, while the helper looks where we are; each namespace read back; CONFIRMED;
 *                 the adopter's settle; capabilities, no_new_privs, the filter; the adopter's keep
 *   or back       namespaces, CLOSE, the working directory; the adopter's unsettle
 *
 * Runs in: a single-threaded process, as root. Trusts: the helper; a descriptor only after the kernel said what it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "door/cwd.h"
#include "door/origin.h"
#include "door/spawn.h"
#include "wire/login.h"
#include "wire/proto.h"

/* One attempt. Large: 40 KiB. */
struct crl_adoption {
	int timeout_s;
	const struct crl_login *login;
	const struct crl_cwd *cwd; /* of before, to go to and to come back to; NULL = none that matters */
	int (*lookup)(const char *group, uint32_t *ret_gid); /* as in talk.h */
	struct crl_helper helper; /* CRL_HELPER_NONE at first */
	bool has_room; /* room is filled */
	struct crl_msg_room room;
	struct crl_way_home way; /* filled when the adopter settles */
};

/* What the adopter does at its own places of the sequence. Each may be NULL. */
struct crl_adopter {
	/* On the host, the room is known: can this process hold it? */
	int (*can_hold)(void *arg, const struct crl_adoption *a, struct crl_err *err);
	/* Inside, as the helper has confirmed, with all power. */
	int (*settle)(void *arg, const struct crl_adoption *a, struct crl_err *err);
	/* The last step. May take a->helper.sock over. */
	int (*keep)(void *arg, struct crl_adoption *a, struct crl_err *err);
	/* Something failed behind the door: what settle did is void. @is_home  false = there was no way back */
	void (*unsettle)(void *arg, const struct crl_adoption *a, bool is_home);
	void *arg; /* of each */
};

/* Start the helper, which takes its time and makes nothing until it is asked. Errors: crl_helper_spawn()'s. */
int crl_adoption_begin(struct crl_adoption *a, const struct crl_helper_start *start,
		       struct crl_err *err) CRL_MUST_CHECK;

/*
 * All that is written above. On failure the process is as it was, but for power that it gave up in the last steps, and
 * the helper has ended or soon will.
 * Errors: the helper's refusal as it came; the adopter's own; stage HELPER late, dead, not understood; stage CALLER no
 * pidfd of ourselves; stage ADOPT no way in; stages CAPS and FILTER.
 */
int crl_adoption_run(struct crl_adoption *a, const struct crl_adopter *by, struct crl_err *err) CRL_MUST_CHECK;

/* Begun, and not to be run: end the helper. */
void crl_adoption_abandon(struct crl_adoption *a);

/* Close what is left of the helper's descriptors; the helper goes on. */
void crl_adoption_done(struct crl_adoption *a);
