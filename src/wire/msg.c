// SPDX-License-Identifier: Apache-2.0
/*
 * The table of records.
 *
 * Runs in: every product.
 * Trusts: nothing; a length in a record is believed only when it equals the record's own.
 */
#include "wire/msg.h"

#include <errno.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <string.h>

#include "base/nskind.h"
#include "base/scope.h"
#include "base/utf8.h"

_Static_assert(sizeof(struct crl_msg_header) == 16, "wire layout");
_Static_assert(sizeof(struct crl_err) == 736, "wire layout");
_Static_assert(CRL_ERR_LOGIN_MAX == CRL_ID_MAX && CRL_ERR_POLICY_MAX == CRL_POLICY_NAME_MAX, "names fit");
_Static_assert(sizeof(struct crl_login) == 16 + 4 * CRL_GROUPS_MAX + CRL_USER_MAX + CRL_HOME_MAX + CRL_SERVICE_MAX +
						   CRL_TTY_MAX + CRL_RHOST_MAX,
	       "wire layout without padding");
_Static_assert(sizeof(struct crl_adopt) == 128, "wire layout");
_Static_assert(sizeof(struct crl_msg_room) == 136 + CRL_NOTICE_MAX + 8 * CRL_FILTER_MAX, "wire layout");

#define VARIES SIZE_MAX

static const struct shape {
	size_t size; /* of the body; VARIES = the type's own function below */
	size_t nfds;
} shapes[CRL_MSG_COUNT] = {
	[CRL_MSG_OPEN] = {sizeof(struct crl_login), 1},
	[CRL_MSG_LOOKUP] = {sizeof(struct crl_msg_lookup), 0},
	[CRL_MSG_FOUND] = {sizeof(struct crl_msg_found), 0},
	[CRL_MSG_ROOM] = {VARIES, VARIES},
	[CRL_MSG_REFUSED] = {sizeof(struct crl_err), 0},
	[CRL_MSG_ENTERED] = {0, 0},
	[CRL_MSG_CONFIRMED] = {0, 0},
	[CRL_MSG_CLOSE] = {0, 0},
	[CRL_MSG_CLOSED] = {0, 1},
	[CRL_MSG_JOIN] = {sizeof(struct crl_msg_join), 2},
	[CRL_MSG_TAKEN] = {sizeof(struct crl_msg_taken), 1},
	[CRL_MSG_JOINED] = {sizeof(struct crl_msg_joined), 0},
	[CRL_MSG_READY] = {sizeof(struct crl_msg_ready), VARIES},
	[CRL_MSG_NAME] = {sizeof(struct crl_msg_name), 0},
	[CRL_MSG_NAMED] = {sizeof(struct crl_msg_named), 0},
	[CRL_MSG_TERMINAL] = {sizeof(struct crl_msg_terminal), VARIES},
	[CRL_MSG_SIGNAL] = {sizeof(struct crl_msg_signal), VARIES},
	[CRL_MSG_LISTENER] = {0, 2},
};

size_t crl_msg_room_size(uint32_t filter_len)
{
	return offsetof(struct crl_msg_room, filter) + (size_t)filter_len * sizeof(struct sock_filter);
}

static bool room_size_is_right(const struct crl_msg_room *room, size_t size)
{
	if (size < offsetof(struct crl_msg_room, filter))
		return false;
	return room->filter_len <= CRL_FILTER_MAX && size == crl_msg_room_size(room->filter_len);
}

int crl_msg_check_shape(enum crl_msg type, const void *body, size_t size, size_t nfds)
{
	const struct shape *shape;
	size_t want_fds;

	if (type < CRL_MSG_OPEN || type >= CRL_MSG_COUNT)
		return -EBADMSG;
	shape = &shapes[type];
	if (shape->size == VARIES ? !room_size_is_right(body, size) : size != shape->size)
		return -EBADMSG;
	want_fds = shape->nfds;
	if (want_fds == VARIES && type == CRL_MSG_ROOM) /* init, and orders where there is a listener */
		want_fds = ((const struct crl_msg_room *)body)->adopt.listens ? 2 : 1;
	else if (want_fds == VARIES && type == CRL_MSG_SIGNAL) /* one process, or all */
		want_fds = nfds == 0 ? 0 : 1;
	else if (want_fds == VARIES) /* nothing to hand over, such as by a room without mounts of its own, or all */
		want_fds =
			nfds == 0 || (type == CRL_MSG_READY && ((const struct crl_msg_ready *)body)->err.code) ? 0 : 2;
	return nfds == want_fds ? 0 : -EBADMSG;
}

static bool text_is_plain(const char *text, size_t size)
{
	if (!memchr(text, '\0', size))
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

int crl_msg_check_adopt(const struct crl_adopt *a)
{
	static const uint8_t zero[sizeof(a->reserved)];

	if (a->ns_mask & ~(CRL_NS_BIT(CRL_NS_USER) - 1))
		return -EBADMSG;
	/* Without the fix-up a process that gave up root would keep its capabilities. */
	if (a->securebits & SECBIT_NO_SETUID_FIXUP)
		return -EBADMSG;
	if (a->no_new_privs > 1 || a->trim_caps > 1 || a->filter_log > 1 || a->listens > 1)
		return -EBADMSG;
	if (memcmp(a->reserved, zero, sizeof(zero)) != 0)
		return -EBADMSG;
	if (!text_is_plain(a->id, sizeof(a->id)) || !text_is_plain(a->room, sizeof(a->room)))
		return -EBADMSG;
	return text_is_plain(a->policy, sizeof(a->policy)) ? 0 : -EBADMSG;
}

int crl_msg_check_named(const struct crl_msg_named *named)
{
	if (!memchr(named->group, '\0', sizeof(named->group)))
		return -EBADMSG;
	return (named->code == 0) == (named->group[0] != '\0') ? 0 : -EBADMSG;
}

int crl_msg_check_room(const struct crl_msg_room *room)
{
	if (room->grace_ms > CRL_GRACE_MAX_S * 1000 || !memchr(room->notice, '\0', sizeof(room->notice)))
		return -EBADMSG;
	if (!crl_utf8_is_plain(room->notice))
		return -EBADMSG;
	return crl_msg_check_adopt(&room->adopt);
}

int crl_msg_check_lookup(const struct crl_msg_lookup *lookup)
{
	return lookup->group[0] && memchr(lookup->group, '\0', sizeof(lookup->group)) ? 0 : -EBADMSG;
}
