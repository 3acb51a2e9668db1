// SPDX-License-Identifier: Apache-2.0
/*
 * The logins of a room, as its supervisor knows them.
 *
 * Runs in: supervisor. Owns: each member's descriptors and texts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan/grace.h"
#include "plan/limits/counts.h"
#include "wire/proto.h"

struct crl_kept;
struct crl_login;
struct crl_outer;

struct crl_member {
	char id[CRL_ID_MAX];
	uint32_t uid;
	pid_t pid; /* the application; safe to use only while pidfd says it lives */
	int pidfd;
	int channel; /* to the module; -EBADF after a protocol error */
	int joiner; /* connection of the helper that lets it in; -EBADF once it is in */
	int cgroup; /* directory; -EBADF = none */
	char *origin; /* cgroup to put the application back to; NULL = it was not moved */
	char *scope; /* path of its cgroup where systemd manages it, from the root; NULL = ours, or none */
	char *user;
	char *service;
	char *tty;
	char *rhost;
	int64_t since; /* CLOCK_REALTIME seconds: when it came */
	int64_t since_ms; /* when it came, in milliseconds */
	uint32_t shows; /* enum crl_shows */
	bool told; /* what its user had to be told */
	bool counted; /* base holds */
	struct crl_counts base; /* as its login found them */
	struct crl_outer *outer; /* its terminal on the host; NULL = it has none there */
	bool listens; /* the listener of its filter has yet to come */
	bool asked; /* its module asked to close and waits for the answer */
	int64_t waiting_ms; /* since when it waits for the room's lock to leave; 0 = it does not */
	bool ending; /* leaves: what it started has the policy's grace to end by itself */
	struct crl_grace grace;
	size_t killed; /* of them, when that was over */
	uint32_t met; /* what stopped its processes: a bit for each enum crl_why_cause */
	bool gone; /* left; its cgroup holds processes that stay (on_close = "keep"). No descriptor is open */
};

/* A place in the table, with copies of the login's texts. Returns NULL when there is none, or no memory. */
struct crl_member *crl_member_add(struct crl_kept *room, const struct crl_login *login, const char *id);

/* Close and free all of it. The last of the table takes its place. */
void crl_member_drop(struct crl_kept *room, struct crl_member *m);

/* What the room's manager has to know to find the cgroup of a login that has left. False: no memory. */
bool crl_member_remember(const struct crl_kept *room, struct crl_member *m, const char *path) CRL_MUST_CHECK;

/* Those that are in or on their way in, and those of them that are still on their way. */
size_t crl_members_present(const struct crl_kept *room);
size_t crl_members_joining(const struct crl_kept *room);

/*
 * True when its module asks to close, just now. The listener of a login's filter goes on to the room's. Anything else
 * that comes from there makes us deaf to it.
 */
bool crl_member_asks(const struct crl_kept *room, struct crl_member *m);
