// SPDX-License-Identifier: Apache-2.0
/*
 * The shape of each record: how large its body is and how many descriptors come with it.
 *
 * Runs in: every product. Pure. Source: docs/protocol.md.
 */
#pragma once

#include <stddef.h>

#include "wire/proto.h"

/* Largest body of any record, bytes. */
#define CRL_MSG_BODY_MAX sizeof(struct crl_msg_room)

/* Body size of a ROOM record with that many filter instructions, bytes. */
size_t crl_msg_room_size(uint32_t filter_len);

/*
 * Prove that body size and number of descriptors are those of the type. Contents are looked at only where they decide
 * the shape (ROOM: filter_len; READY: the error's code).
 * @body  @size bytes, aligned as the record's struct
 * Returns 0 or -EBADMSG.
 */
int crl_msg_check_shape(enum crl_msg type, const void *body, size_t size, size_t nfds) CRL_MUST_CHECK;

/*
 * Prove that what a ROOM says to adopt is sane: ids and policy terminated and printable, known namespaces without a
 * user namespace, flags 0 or 1, no SECBIT_NO_SETUID_FIXUP, reserved fields zero. The filter is the kernel's
 * to check.
 * Returns 0 or -EBADMSG.
 */
int crl_msg_check_adopt(const struct crl_adopt *adopt) CRL_MUST_CHECK;

/* Prove that a NAMED has either a terminated name or a code. Returns 0 or -EBADMSG. */
int crl_msg_check_named(const struct crl_msg_named *named) CRL_MUST_CHECK;

/*
 * The same for the whole record, whose notice goes to the user's terminal: terminated, UTF-8, no control
 * character; reserved bytes zero. Returns 0 or -EBADMSG.
 */
int crl_msg_check_room(const struct crl_msg_room *room) CRL_MUST_CHECK;

/* Prove that a LOOKUP names a group: terminated, not empty. Returns 0 or -EBADMSG. */
int crl_msg_check_lookup(const struct crl_msg_lookup *lookup) CRL_MUST_CHECK;
