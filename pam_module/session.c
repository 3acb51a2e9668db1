// SPDX-License-Identifier: Apache-2.0
/*
 * The record of PAM data and its end.
 *
 * Runs in: the PAM application; the destructor also in its forked children, which must not end the login.
 * Owns: R1 a child that ends its copy of the handle touches neither the room nor a descriptor that is not ours;
 * R2 after the close the application is in the directory that it came from, never at a path of the room's.
 */
#include "pam_module/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scope.h"
#include "door/talk.h"

#define DATA_NAME "carrel_session"

struct session {
	int sock; /* close-on-exec; the application may have closed it and used the number again */
	dev_t dev; /* of the socket */
	ino_t ino;
	pid_t owner; /* who opened; children inherit the record */
	unsigned int opens; /* closes that it takes to end it */
	struct session_who who;
	struct crl_way_home way;
	uint32_t grace_ms;
};

static bool socket_is_ours(const struct session *s)
{
	struct stat st;

	return s->sock >= 0 && fstat(s->sock, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == s->dev &&
	       st.st_ino == s->ino;
}

/* R1. Life hangs on the application's own pidfd: nobody has to be told here, so a child can do no harm. */
static void session_free(pam_handle_t *pamh, void *data, int status)
{
	struct session *s = data;

	(void)pamh;
	(void)status;
	if (!s)
		return;
	if (socket_is_ours(s))
		drop_fd(&s->sock);
	free(s);
}

struct session *session_find(pam_handle_t *pamh)
{
	const void *data = NULL;

	if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS)
		return NULL;
	return crl_unconst(data); /* it is ours; libpam only hands it out as const */
}

const struct session_who *session_who(const struct session *s)
{
	return &s->who;
}

static void take_facts(struct session *s, const struct session_facts *facts)
{
	s->owner = getpid();
	s->opens = 1;
	s->who.uid = facts->login->uid;
	(void)snprintf(s->who.user, sizeof(s->who.user), "%s", facts->login->user);
	(void)snprintf(s->who.policy, sizeof(s->who.policy), "%s", facts->adopt->policy);
	(void)snprintf(s->who.room, sizeof(s->who.room), "%s", facts->adopt->room);
	(void)snprintf(s->who.login, sizeof(s->who.login), "%s", facts->adopt->id);
	s->way = *facts->way;
	s->grace_ms = facts->grace_ms;
}

int session_keep(pam_handle_t *pamh, int *sock, const struct session_facts *facts, struct crl_err *err)
{
	struct session *s = calloc(1, sizeof(*s));
	struct stat st;

	if (!s)
		return crl_err_set(err, ENOMEM, CRL_STAGE_ADOPT, "no memory");
	if (fstat(*sock, &st) < 0) {
		free(s);
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot look at the helper's socket");
	}
	s->sock = -EBADF;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	take_facts(s, facts);
	if (pam_set_data(pamh, DATA_NAME, s, session_free) != PAM_SUCCESS) {
		free(s);
		return crl_err_set(err, ENOMEM, CRL_STAGE_ADOPT, "cannot store PAM data");
	}
	s->sock = take_fd(sock);
	return 0;
}

bool session_open_again(struct session *s, const struct crl_login *login)
{
	if (s->owner != getpid() || s->who.uid != login->uid || strcmp(s->who.user, login->user) != 0)
		return false;
	s->opens++;
	return true;
}

enum session_end session_close(pam_handle_t *pamh, struct session *s, struct session_who *ret_who)
{
	enum session_end end = SESSION_STUCK;
	scoped_fd supervisor = -EBADF;

	*ret_who = s->who;
	if (getpid() != s->owner || !socket_is_ours(s))
		return SESSION_NOT_OURS;
	if (--s->opens > 0)
		return SESSION_GOES_ON;
	if (crl_talk_close(s->sock, (int)(CRL_CLOSE_WAIT_MS + s->grace_ms), &supervisor) == 0 &&
	    crl_way_home_take(&s->way, supervisor)) /* R2 */
		end = SESSION_ENDED;
	/* Replacing the record frees it; a failure leaves it to pam_end(). */
	(void)pam_set_data(pamh, DATA_NAME, NULL, NULL);
	return end;
}
