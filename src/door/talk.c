// SPDX-License-Identifier: Apache-2.0
/*
 * Requests to the helper and its answers.
 *
 * Runs in: who adopts a room (adopt.h), as root.
 * Owns: R1 each answer is right for its phase or ends the login.
 */
#include "door/talk.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "wire/fdpass.h"
#include "wire/msg.h"

/* Every body that may come before the room; large, so it is the caller's room record that holds it. */
union inbox {
	struct crl_msg_room room;
	struct crl_msg_lookup lookup;
	struct crl_msg_name name;
	struct crl_err err;
};

_Static_assert(sizeof(union inbox) == sizeof(struct crl_msg_room), "a room record holds any answer");

/* R1 */
static int broken(struct crl_talk *t, int rc, struct crl_err *err)
{
	t->broken = true;
	t->lies |= rc == -EPROTONOSUPPORT || rc == -EBADMSG;
	switch (rc) {
	case -ETIMEDOUT:
		return crl_err_set(err, ETIMEDOUT, CRL_STAGE_HELPER, "no answer from the helper within %d s",
				   t->timeout_s);
	case -EPIPE:
		return crl_err_set(
			err, EPIPE, CRL_STAGE_HELPER, "the helper ended without an answer%s",
			prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER
				? ": this service has a system call filter, which may have ended it (SystemCallFilter=)"
				: "");
	case -EPROTONOSUPPORT:
		return crl_err_set(err, EPROTONOSUPPORT, CRL_STAGE_HELPER, "the helper is of another version");
	case -EBADMSG:
		return crl_err_set(err, EBADMSG, CRL_STAGE_HELPER, "the helper's answer is not understood");
	default:
		return crl_err_set(err, -rc, CRL_STAGE_HELPER, "cannot talk to the helper");
	}
}

static int refused(struct crl_talk *t, const struct crl_err *theirs, struct crl_err *err)
{
	if (crl_err_check(theirs) < 0)
		return broken(t, -EBADMSG, err);
	if (err)
		*err = *theirs;
	return -theirs->code;
}

static int answer_lookup(struct crl_talk *t, const struct crl_msg_lookup *lookup, struct crl_err *err)
{
	struct crl_msg_found found = {0};
	int rc;

	if (crl_msg_check_lookup(lookup) < 0)
		return broken(t, -EBADMSG, err);
	found.code = -t->lookup(lookup->group, &found.gid);
	rc = crl_msg_send(t->sock, CRL_MSG_FOUND, &found, sizeof(found), NULL, 0);
	return rc < 0 ? broken(t, rc, err) : 0;
}

static int answer_name(struct crl_talk *t, uint32_t gid, struct crl_err *err)
{
	struct crl_msg_named named = {0};
	int rc;

	named.code = -t->name(gid, named.group);
	if (named.code != 0)
		named.group[0] = '\0';
	rc = crl_msg_send(t->sock, CRL_MSG_NAMED, &named, sizeof(named), NULL, 0);
	return rc < 0 ? broken(t, rc, err) : 0;
}

int crl_talk_request(struct crl_talk *t, const struct crl_login *login, struct crl_err *err)
{
	scoped_fd self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	int rc;

	if (self < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot open a pidfd of the caller");
	rc = crl_msg_send(t->sock, CRL_MSG_OPEN, login, sizeof(*login), &self, 1);
	return rc < 0 ? broken(t, rc, err) : 0;
}

int crl_talk_answer(struct crl_talk *t, struct crl_msg_room *room, int *ret_pidfd, struct crl_err *err)
{
	union inbox *in = (union inbox *)room;
	int rc = 0;

	for (int lookups = 0; rc == 0 && lookups <= CRL_LOOKUPS_MAX; lookups++) {
		scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};

		rc = crl_msg_recv(t->sock, &crl_phases[CRL_PHASE_ANSWER], in, sizeof(*in), t->deadline_ms, &got);
		if (rc < 0)
			return broken(t, rc, err);
		if (got.type == CRL_MSG_REFUSED)
			return refused(t, &in->err, err);
		if (got.type == CRL_MSG_ROOM) {
			if (crl_msg_check_room(&in->room) < 0)
				return broken(t, -EBADMSG, err);
			*ret_pidfd = take_fd(&got.fds[0]);
			t->orders = take_fd(&got.fds[1]);
			return 0;
		}
		rc = got.type == CRL_MSG_NAME ? answer_name(t, in->name.gid, err) : answer_lookup(t, &in->lookup, err);
	}
	if (rc < 0)
		return rc;
	t->broken = t->lies = true;
	return crl_err_set(err, ELOOP, CRL_STAGE_HELPER, "the helper asked for more than %d groups", CRL_LOOKUPS_MAX);
}

int crl_talk_listener(struct crl_talk *t, int listener, struct crl_err *err)
{
	int rc = crl_msg_send(t->sock, CRL_MSG_LISTENER, NULL, 0, (int[]){listener, t->orders}, 2);

	return rc < 0 ? broken(t, rc, err) : 0;
}

int crl_talk_entered(struct crl_talk *t, struct crl_err *err)
{
	int rc = crl_msg_send(t->sock, CRL_MSG_ENTERED, NULL, 0, NULL, 0);

	return rc < 0 ? broken(t, rc, err) : 0;
}

int crl_talk_confirmed(struct crl_talk *t, struct crl_err *err)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	struct crl_err theirs;
	int rc =
		crl_msg_recv(t->sock, &crl_phases[CRL_PHASE_CONFIRMING], &theirs, sizeof(theirs), t->deadline_ms, &got);

	if (rc < 0)
		return broken(t, rc, err);
	return got.type == CRL_MSG_REFUSED ? refused(t, &theirs, err) : 0;
}

int crl_talk_close(int sock, int wait_ms, int *ret_pidfd)
{
	scoped(crl_received) got = {.fds = {-EBADF, -EBADF}};
	int rc = crl_msg_send(sock, CRL_MSG_CLOSE, NULL, 0, NULL, 0);

	if (rc < 0)
		return rc;
	rc = crl_msg_recv(sock, &crl_phases[CRL_PHASE_CLOSING], NULL, 0, crl_now_ms() + wait_ms, &got);
	if (rc < 0)
		return rc;
	*ret_pidfd = take_fd(&got.fds[0]);
	return 0;
}
