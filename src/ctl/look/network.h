// SPDX-License-Identifier: Apache-2.0
/* Which network a room is in. Addresses and traffic of one with a way out, as its link on the host tells them. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define CTL_NETWORK_PORTS 1600 /* CRL_PUBLISH_MAX of them */
#define CTL_NETWORK_NAME 256

struct crl_room_info;

struct ctl_network {
	char link[16]; /* the host's end */
	char ipv4[INET_ADDRSTRLEN]; /* the room's; "" = it has none, here and below */
	char ipv6[INET6_ADDRSTRLEN];
	uint64_t sent; /* bytes that the room has sent */
	uint64_t received;
	uint64_t sent_packets;
	uint64_t received_packets;
	char ports
		[CTL_NETWORK_PORTS]; /* of the host's that lead into it, and those that another room of the user has */
};

/* @state  STATE; @room  its id. False when it has no link. */
bool ctl_network_find(const char *state, const char *room, struct ctl_network *ret);

/* "host"; the name that ip-netns(8) has for it; "own" = it has none there; "" = it cannot be told. */
void ctl_network_name(const struct crl_room_info *room, char ret[CTL_NETWORK_NAME]);
