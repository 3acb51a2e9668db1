// SPDX-License-Identifier: Apache-2.0
/*
 * The places that are each room's own, whatever a policy says: the one table of them, and what of them in /run is no
 * policy's to offer.
 *
 * Pure data. The planner (src/plan) says what they are made from; rules of policies and carrelctl ask what may stand
 * there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CRL_OWN_CONFIG "/etc/carrel" /* of whoever administers the host; shared.conf and the defaults hide it */
#define CRL_PROFILES_DIR CRL_OWN_CONFIG "/profiles" /* for carrel run; rooms show it all the same */

enum crl_own {
	CRL_OWN_PROC,
	CRL_OWN_SYS,
	CRL_OWN_DEV,
	CRL_OWN_RUN,
	CRL_OWN_TMP,
	CRL_OWN_VAR_TMP,
	CRL_OWN_LOG,
	CRL_OWN_COUNT
};

enum crl_own_binds {
	/* neither at it nor beneath: it is the kernel's, and what it shows is decided elsewhere */
	CRL_OWN_BINDS_NOTHING,
	CRL_OWN_BINDS_BENEATH, /* what is bound at it would undo what it hides */
	CRL_OWN_BINDS_ALL,
};

struct crl_own_place {
	const char *path;
	enum crl_own_binds binds;
};

extern const struct crl_own_place crl_own_places[CRL_OWN_COUNT];

/* The place that @path is or lies beneath, or NULL. */
const struct crl_own_place *crl_own_place_of(const char *path);

/* May a policy bind something at @path, as far as these places are concerned? */
bool crl_own_may_bind(const char *path);

struct crl_own_steering {
	const char *path;
	bool dir; /* where there is nothing, a directory is meant */
};

/*
 * Names in directories that a policy may make the user's, by which processes of root's find users, libraries and
 * settings. The last one's path is NULL. Source: what sshd, su, login and cron read in a room (docs/mounts.md), and the
 * manuals of what they are linked with here and elsewhere.
 */
extern const struct crl_own_steering crl_own_steering[];

/*
 * May a policy make the directory @path of the room's root the user's? Not what processes of root's rely on, nor what
 * is one of those names or lies beneath one.
 */
bool crl_own_may_be_users(const char *path);

/* Is @path, of /run, never offered: the room has its own, or it is the way out of the room? */
bool crl_own_in_run(const char *path);

/*
 * Can anybody make a name at @path of the host? But for homes, rooms have their own of each such place, and the host's
 * is not seen.
 */
bool crl_own_is_anybodys(const char *path);
