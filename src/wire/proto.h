// SPDX-License-Identifier: Apache-2.0
/*
 * The records that cross the module's socket and the room's socket; docs/protocol.md is their contract.
 *
 * Runs in: module, helper, supervisor. One record is one SOCK_SEQPACKET message: a header, then exactly the body
 * that its type has, then exactly the descriptors that its type has. Anything else is refused whole.
 *
 *   module -> helper     OPEN     login            [pidfd of the application]
 *   helper -> module     LOOKUP   group name
 *   module -> helper     FOUND    gid or errno
 *   helper -> module     NAME     gid
 *   module -> helper     NAMED    group name or errno
 *   helper -> module     ROOM     what to adopt + filter  [pidfd of the room's init, orders for its listener if any]
 *   helper -> module     REFUSED  error
 *   module -> helper     ENTERED
 *   helper -> module     CONFIRMED
 *   module -> supervisor CLOSE
 *   supervisor -> module CLOSED                    [pidfd of the supervisor]
 *   helper -> supervisor JOIN     login id, …      [module's socket, pidfd of the application]
 *   supervisor -> helper TAKEN    room id, …       [pidfd of the room's init] or REFUSED
 *   helper -> supervisor JOINED   whether a LISTENER comes
 *   helper -> supervisor TERMINAL number           [master, slave] or none: the login's terminal on the host
 *   init -> helper       READY    error            [room's /proc, utmp] when the error is none
 *   init -> helper       CONFIRMED                 it has dropped its power
 *   supervisor -> init   SIGNAL   number, step     [pidfd of one process], or to those of the room
 *   module -> supervisor LISTENER                  [listener of its filter, the orders that came with ROOM]
 *   supervisor -> listener LISTENER                the same two, handed on
 */
#pragma once

#include <linux/filter.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/login.h"

#define CRL_PROTO_MAGIC 0x4c524331u /* "1CRL": byte order and product in one */
#define CRL_PROTO_VERSION 8
#define CRL_MSG_FDS_MAX 2
#define CRL_FILTER_MAX 4096 /* BPF_MAXINSNS */
#define CRL_ID_MAX 16 /* login and room ids: lower-case base 32, with NUL */
#define CRL_NOTICE_MAX 256 /* a line for the user, with NUL */
#define CRL_POLICY_NAME_MAX 64 /* a policy's name, with NUL */
#define CRL_KEY_MAX 64 /* name of a room's directory, with NUL */
#define CRL_SLICE_MAX 224 /* path of a user's slice from the cgroup root, with NUL */
#define CRL_CHANNEL_FD 3 /* of the helper: the module's socket, put there by the module */
#define CRL_LOOKUPS_MAX 256 /* groups that the helper may ask for in one login */
#define CRL_GRACE_MAX_S 30 /* that a policy can leave programs to end by themselves */
#define CRL_CLOSE_WAIT_MS 5000 /* for the answer to a CLOSE, beyond that time */

enum crl_msg {
	CRL_MSG_OPEN = 1,
	CRL_MSG_LOOKUP,
	CRL_MSG_FOUND,
	CRL_MSG_ROOM,
	CRL_MSG_REFUSED,
	CRL_MSG_ENTERED,
	CRL_MSG_CONFIRMED,
	CRL_MSG_CLOSE,
	CRL_MSG_CLOSED,
	CRL_MSG_JOIN,
	CRL_MSG_TAKEN,
	CRL_MSG_JOINED,
	CRL_MSG_READY,
	CRL_MSG_NAME,
	CRL_MSG_NAMED,
	CRL_MSG_TERMINAL,
	CRL_MSG_SIGNAL,
	CRL_MSG_LISTENER,
	CRL_MSG_COUNT
};

struct crl_msg_header {
	uint32_t magic;
	uint16_t version;
	uint16_t type; /* enum crl_msg */
	uint32_t length; /* of the whole record, header included */
	uint32_t nfds; /* descriptors that come with it */
};

struct crl_msg_lookup {
	char group[CRL_GROUP_MAX];
};

struct crl_msg_found {
	int32_t code; /* 0 = found, ENOENT = no such group, else the name service's errno */
	uint32_t gid;
};

struct crl_msg_name {
	uint32_t gid;
};

struct crl_msg_named {
	int32_t code; /* as in crl_msg_found */
	char group[CRL_GROUP_MAX]; /* empty unless code is 0 */
};

/* What the module applies to its own process, in this order. */
struct crl_adopt {
	uint32_t ns_mask; /* CRL_NS_BIT()s to join from init's pidfd */
	uint32_t securebits; /* for PR_SET_SECUREBITS */
	uint64_t cap_bounding; /* capabilities that stay in the bounding set, bit = number */
	uint64_t cap_inheritable;
	uint8_t no_new_privs; /* 0 or 1 */
	uint8_t trim_caps; /* 0: leave capabilities alone; 1: apply the sets above */
	uint8_t filter_log; /* 1: the kernel logs what the filter refuses (SECCOMP_FILTER_FLAG_LOG) */
	uint8_t listens; /* 1: the filter notifies, the room's listener serves it (SECCOMP_FILTER_FLAG_NEW_LISTENER) */
	uint8_t reserved[4]; /* zero */
	char id[CRL_ID_MAX]; /* of the login, for logs */
	char room[CRL_ID_MAX]; /* of the room */
	char policy[CRL_POLICY_NAME_MAX]; /* name, for logs */
};

struct crl_msg_room {
	struct crl_adopt adopt;
	uint32_t filter_len; /* 0 = no filter; at most CRL_FILTER_MAX */
	uint32_t grace_ms; /* by so much longer the answer to a CLOSE may take; at most CRL_GRACE_MAX_S */
	char notice[CRL_NOTICE_MAX]; /* for the user, in their language: UTF-8 without control characters, "" = none */
	struct sock_filter filter[CRL_FILTER_MAX]; /* only filter_len of them are sent */
};

struct crl_msg_join {
	struct crl_login login;
	char id[CRL_ID_MAX];
	char cgroup[256]; /* of the login, relative to the cgroup root; "" = none */
	char origin_cgroup[1024]; /* where the application came from; "" = it was not moved */
};

struct crl_msg_taken {
	char room[CRL_ID_MAX];
	uint8_t holds_projects; /* 0 or 1: of what it shows a project quota holds, which the filter has to keep so */
	uint8_t listens; /* 0 or 1: it has a process that serves notifying filters */
};

struct crl_msg_joined {
	uint8_t listens; /* 0 or 1: its module will send a LISTENER */
};

struct crl_msg_terminal {
	uint32_t number; /* 7 of "pts/7"; 0 when there is none */
};

/* To one process of the room, or to those of it whom the step of an end is for. */
struct crl_msg_signal {
	uint32_t number; /* one process: SIGHUP or SIGTERM */
	uint32_t step; /* all: enum crl_grace_step (plan/grace.h) */
};

struct crl_msg_ready {
	struct crl_err err; /* code 0 = the room stands; a text then is a warning for the log */
};
